/** The libraries that an addon links or opens, and those that these do, as the dynamic linker would find them. */
import { closeSync, existsSync, openSync, readdirSync, realpathSync, writeSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { readDynamic } from './elf.mjs';

/**
 * What a library opens by its name once it is needed: no file says so. cuDNN's parts, which libcudnn.so opens
 * for convolutions and for an attention of its own, are left out: the engine has neither.
 */
const opened = [
  // Compiles our kernels on a GPU (worker/engine/torch/native/cuda/run_time_kernels.cc).
  { by: /^libtorch_cuda\.so$/, name: /^libcaffe2_nvrtc\.so$/ },
  { by: /^libnvrtc\.so/, name: /^libnvrtc-builtins\.so/ },
];

const openedBy = (file) =>
  opened
    .filter(({ by }) => by.test(basename(file)))
    .flatMap(({ name }) => readdirSync(dirname(file)).filter((other) => name.test(other)))
    .map((name) => realpathSync(`${dirname(file)}/${name}`));

/**
 * @param addon a file
 * @param within a folder: libraries elsewhere are the system's, which the image has
 * @returns files below `within`, sorted
 */
export function librariesOf(addon, within) {
  const root = realpathSync(within);
  const found = new Set();
  const waiting = [addon];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const { needed, paths } = readDynamic(file);
    const folders = paths
      .flatMap(({ text }) => text.split(':'))
      .map((path) => path.replace('$ORIGIN', dirname(file)));
    for (const name of needed) {
      const path = folders.map((folder) => `${folder}/${name}`).find(existsSync);
      const real = path === undefined ? null : realpathSync(path);
      if (real === null || !real.startsWith(`${root}/`)) continue;
      for (const each of [real, ...openedBy(real)]) {
        if (found.has(each)) continue;
        found.add(each);
        waiting.push(each);
      }
    }
  }
  return [...found].sort();
}

/**
 * Writes `path` over the only place where `addon` looks for its libraries, so that no path of the
 * machine that built it stays in it.
 *
 * @throws Error where there is no such place or no room for it
 */
export function setLibraryPath(addon, path) {
  const { paths } = readDynamic(addon);
  const room = paths.length === 1 ? Buffer.byteLength(paths[0].text) : 0;
  if (Buffer.byteLength(path) > room) {
    throw new Error(
      `Cannot make ${addon} look for its libraries in ${path}: it must have one library path of that length or more: it has ${JSON.stringify(paths.map(({ text }) => text))}`,
    );
  }
  const descriptor = openSync(addon, 'r+');
  // What is left of the longer text is filled up: the string ends at its first zero.
  writeSync(
    descriptor,
    Buffer.concat([Buffer.from(path), Buffer.alloc(room - path.length)]),
    0,
    room,
    paths[0].offset,
  );
  closeSync(descriptor);
}
