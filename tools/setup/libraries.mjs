/**
 * What an addon is built against, for `addon`:
 *   identity(): strings and Buffers that change when it does;
 *   require(): throws StepFailedError where it is not there;
 *   definitions(): what CMake must be told.
 */
import { existsSync, readFileSync } from 'node:fs';
import { libtorch, tensorflow } from './paths.mjs';
import { contents } from './stamp.mjs';
import { StepFailedError } from './step-failed-error.mjs';

export const againstTorch = {
  /** Another libtorch, or the same at another place, needs another build. */
  identity() {
    const folder = libtorch();
    const version = ['version.py', 'build-version']
      .map((name) => `${folder}/${name}`)
      .filter(existsSync);
    return [folder ?? '', ...version.map((file) => readFileSync(file))];
  },
  require() {
    const library = `${libtorch()}/lib/libtorch.so`;
    if (existsSync(library)) return;
    throw new StepFailedError(
      `Cannot set up: ${library} is missing: LOCKSTEP_LIBTORCH must name a folder of libtorch (its lib, include and share inside)`,
    );
  },
  definitions: () => [`LOCKSTEP_LIBTORCH=${libtorch()}`],
};

export const againstTensorflow = {
  identity: () =>
    contents([`${tensorflow.package}/package.json`, tensorflow.versionHeader].filter(existsSync)),
  // The steps before the addon's have brought it, or have failed.
  require() {},
  definitions: () => [],
};
