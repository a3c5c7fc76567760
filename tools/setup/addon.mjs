import { existsSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { runLogged } from './command.mjs';
import { inRoot } from './paths.mjs';
import { contents, digest, filesBelow, hasStamp, removeStamp, writeStamp } from './stamp.mjs';
import { StepFailedError } from './step-failed-error.mjs';

// One compiler over libtorch's headers takes about this much at its peak.
const bytesPerCompiler = 1.5 * 2 ** 30;

/**
 * The step that builds `folder` with CMake, in build/<build>, into `output`.
 *
 * @param takes how long it takes, in words, where that is worth saying before; else null.
 * @param against one of libraries.mjs, or null.
 */
export function addon({
  name,
  takes = null,
  folder,
  build,
  output = inRoot(`build/native/lockstep_${build}.node`),
  against = null,
}) {
  const source = inRoot(folder);
  const binary = inRoot(`build/${build}`);
  const stamp = inRoot(`build/setup/${build}.stamp`);
  const key = () =>
    digest([
      ...contents(filesBelow(source)),
      ...contents(['node-api-headers'].map(manifestOf).filter(existsSync)),
      process.platform,
      process.arch,
      source,
      ...(against?.identity() ?? []),
    ]);
  return {
    name,
    needs: () => ['cmake', 'compiler'],
    isStale: () => !existsSync(output) || !hasStamp(stamp, key()),
    async run(say) {
      if (takes !== null) say(`setup: builds the ${name} (${takes})`);
      removeStamp(stamp);
      against?.require();
      // CMake refuses a build folder that was made for a source folder elsewhere.
      if (!isBuildOf(binary, source)) rmSync(binary, { recursive: true, force: true });
      const definitions = against?.definitions() ?? [];
      await runLogged(build, [
        'cmake',
        '-S',
        source,
        '-B',
        binary,
        '-DCMAKE_BUILD_TYPE=Release',
        ...definitions.map((definition) => `-D${definition}`),
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

function isBuildOf(binary, source) {
  const cache = `${binary}/CMakeCache.txt`;
  return (
    !existsSync(cache) ||
    readFileSync(cache, 'utf8').includes(`CMAKE_HOME_DIRECTORY:INTERNAL=${source}\n`)
  );
}

const compilers = () =>
  Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / bytesPerCompiler)));
