import { existsSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { runLogged } from './command.mjs';
import { inRoot, libtorch } from './paths.mjs';
import { contents, digest, filesBelow, hasStamp, removeStamp, writeStamp } from './stamp.mjs';
import { StepFailedError } from './step-failed-error.mjs';

// One compiler over libtorch's headers takes about this much at its peak.
const bytesPerCompiler = 1.5 * 2 ** 30;

/** The step that builds `folder` with CMake, in build/<build>, into build/native/lockstep_<build>.node. */
export function addon({ name, folder, build, usesTorch = false }) {
  const source = inRoot(folder);
  const binary = inRoot(`build/${build}`);
  const output = inRoot(`build/native/lockstep_${build}.node`);
  const stamp = inRoot(`build/setup/${build}.stamp`);
  const key = () =>
    digest([
      ...contents(filesBelow(source)),
      ...contents(['node-api-headers', 'node-addon-api'].map(manifestOf).filter(existsSync)),
      process.platform,
      process.arch,
      source,
      ...(usesTorch ? torchIdentity() : []),
    ]);
  return {
    name,
    needs: () => ['cmake', 'compiler'],
    isStale: () => !existsSync(output) || !hasStamp(stamp, key()),
    async run() {
      removeStamp(stamp);
      if (usesTorch) requireTorch();
      // CMake refuses a build folder that was made for a source folder elsewhere.
      if (!isBuildOf(binary, source)) rmSync(binary, { recursive: true, force: true });
      const prefix = usesTorch ? [`-DCMAKE_PREFIX_PATH=${libtorch()}/share/cmake`] : [];
      await runLogged(build, [
        'cmake',
        '-S',
        source,
        '-B',
        binary,
        '-DCMAKE_BUILD_TYPE=Release',
        ...prefix,
      ]);
      await runLogged(build, ['cmake', '--build', binary, '--parallel', String(compilers())], {
        append: true,
      });
      if (!existsSync(output))
        throw new StepFailedError(`Cannot set up: the build of ${folder} left no ${output}`);
      writeStamp(stamp, key());
      return 'built';
    },
  };
}

const manifestOf = (name) => inRoot(`node_modules/${name}/package.json`);

/** Another libtorch, or the same at another place, needs another build. */
function torchIdentity() {
  const folder = libtorch();
  const version = ['version.py', 'build-version']
    .map((name) => `${folder}/${name}`)
    .filter(existsSync);
  return [folder ?? '', ...version.map((file) => readFileSync(file))];
}

function requireTorch() {
  const config = `${libtorch()}/share/cmake/Torch/TorchConfig.cmake`;
  if (existsSync(config)) return;
  throw new StepFailedError(
    `Cannot set up: ${config} is missing: LOCKSTEP_LIBTORCH must name a folder of libtorch (its lib, include and share inside)`,
  );
}

function isBuildOf(binary, source) {
  const cache = `${binary}/CMakeCache.txt`;
  return (
    !existsSync(cache) ||
    readFileSync(cache, 'utf8').includes(`CMAKE_HOME_DIRECTORY:INTERNAL=${source}\n`)
  );
}

const compilers = () =>
  Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / bytesPerCompiler)));
