/**
 * What an addon is built against, for `addon`:
 *   identity(): strings and Buffers that change when it does;
 *   require(): throws StepFailedError where it is not there;
 *   definitions(): what CMake must be told.
 */
import { existsSync, readFileSync } from 'node:fs';
import { inRoot, libtorch, tensorflow } from './paths.mjs';
import { contents } from './stamp.mjs';
import { StepFailedError } from './step-failed-error.mjs';
import { installedTorch } from './torch-build.mjs';

/** A libtorch of the user's own is complete; that of Python has CUDA's half only where it can load. */
const hasCuda = () =>
  existsSync(`${libtorch()}/lib/libtorch_cuda.so`) &&
  (!libtorch().startsWith(inRoot('.venv/')) || installedTorch() === 'cuda');

export const againstTorch = {
  /** Another libtorch, or the same at another place, needs another build. */
  identity() {
    const folder = libtorch();
    const version = ['version.py', 'build-version']
      .map((name) => `${folder}/${name}`)
      .filter(existsSync);
    return [folder ?? '', hasCuda() ? 'cuda' : 'cpu', ...version.map((file) => readFileSync(file))];
  },
  require() {
    const library = `${libtorch()}/lib/libtorch_cpu.so`;
    if (existsSync(library)) return;
    throw new StepFailedError(
      `Cannot set up: ${library} is missing: LOCKSTEP_LIBTORCH must name a folder of libtorch (its lib, include and share inside)`,
    );
  },
  definitions: () => [
    `LOCKSTEP_LIBTORCH=${libtorch()}`,
    `LOCKSTEP_CUDA=${hasCuda() ? 'ON' : 'OFF'}`,
  ],
};

export const againstTensorflow = {
  identity: () =>
    contents([`${tensorflow.package}/package.json`, tensorflow.versionHeader].filter(existsSync)),
  // The steps before the addon's have brought it, or have failed.
  require() {},
  definitions: () => [],
};
