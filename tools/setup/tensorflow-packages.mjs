/**
 * build/tensorflow: the npm package behind the engine `tensorflow` and, from Python's wheel, the
 * library that it calls. It is a folder of its own, so that nobody installs it who did not ask.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { runLogged } from './command.mjs';
import { inRoot, python, tensorflow } from './paths.mjs';
import { succeeds } from './prerequisites.mjs';
import { hasEnvironment, makeEnvironment } from './python-packages.mjs';
import { contents, digest, hasStamp, removeStamp, writeStamp } from './stamp.mjs';
import { StepFailedError } from './step-failed-error.mjs';

const version = '2.21.0';

// The package's own copies of what the project already has. Backends and kernels register with the
// copy of tfjs-core that they import, so there must be one: without its own, the package finds ours.
const shared = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu'];

const manifests = ['package.json', 'package-lock.json'].map((name) => ({
  source: inRoot(`tools/setup/tensorflow/${name}`),
  target: `${tensorflow.folder}/${name}`,
}));

// Inside the folders, so that removing one removes its stamp too.
const npmStamp = `${tensorflow.folder}/node_modules/.lockstep-setup`;
const pipStamp = `${tensorflow.python}/.lockstep-setup`;

const wanted = () => digest(contents(manifests.map(({ source }) => source)));

export const tensorflowPackages = {
  name: 'tfjs-node-gpu',
  needs: () => ['npm'],
  // Which copy is found also depends on the project's own packages.
  isStale: () => !hasStamp(npmStamp, wanted()) || shared.some(differs),
  async run() {
    removeStamp(npmStamp);
    mkdirSync(tensorflow.folder, { recursive: true });
    for (const { source, target } of manifests) copyFileSync(source, target);
    // Its install script would download an addon that was built for an older TensorFlow.
    const words = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
    await runLogged('tfjs-node-gpu', ['npm', ...words, '--prefix', tensorflow.folder]);
    for (const name of shared) {
      if (differs(name)) throw new StepFailedError(difference(name));
      rmSync(`${tensorflow.folder}/node_modules/${name}`, { recursive: true });
    }
    writeStamp(npmStamp, wanted());
    return 'installed';
  },
};

const differs = (name) => lockedVersion('tools/setup/tensorflow', name) !== ownVersion(name);

const difference = (name) =>
  `Cannot set up: tfjs-node-gpu wants ${name} ${lockedVersion('tools/setup/tensorflow', name)}, ` +
  `the project has ${ownVersion(name)}: package.json and tools/setup/tensorflow must name one version`;

const lockedVersion = (folder, name) =>
  JSON.parse(readFileSync(inRoot(`${folder}/package-lock.json`), 'utf8')).packages[
    `node_modules/${name}`
  ].version;

const ownVersion = (name) => lockedVersion('.', name);

export const tensorflowLibrary = {
  name: 'libtensorflow',
  needs: () => (hasEnvironment() ? [] : ['python']),
  isStale: () => !hasStamp(pipStamp, version) || !existsSync(tensorflow.library),
  async run(say) {
    if (!hasEnvironment()) await makeEnvironment();
    // With CUDA for a machine that has it; TensorFlow finds its libraries where they are installed.
    const wheels = (await succeeds('nvidia-smi', []))
      ? ['tensorflow', 'tensorflow-cpu']
      : ['tensorflow-cpu'];
    for (const wheel of wheels) {
      say(`setup: installs ${wheel} ${version} (1.5 GB on disk)`);
      try {
        await install(`${wheel}==${version}`);
        writeStamp(pipStamp, version);
        return `installed ${wheel}`;
      } catch (error) {
        if (!(error instanceof StepFailedError) || wheel === wheels.at(-1)) throw error;
      }
    }
  },
};

async function install(wheel) {
  rmSync(tensorflow.python, { recursive: true, force: true });
  // Only headers and libraries are used: nothing imports it, so what it imports may be missing.
  const words = ['--no-deps', '--no-compile', '--target', tensorflow.python];
  const pip = [python, '-m', 'pip', 'install', '--disable-pip-version-check'];
  await runLogged('libtensorflow', [...pip, ...words, wheel]);
}
