import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The checkout's root folder, without a trailing slash. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

export const inRoot = (path) => `${root}/${path}`;

export const python = inRoot('.venv/bin/python');

/** The virtual environment's package folder, whose name has Python's version in it; null before there is one. */
export function sitePackages() {
  const lib = inRoot('.venv/lib');
  const name = existsSync(lib) ? readdirSync(lib).find((entry) => /^python3\./.test(entry)) : null;
  return name === undefined || name === null ? null : `${lib}/${name}/site-packages`;
}

/** libtorch's folder: an own one by LOCKSTEP_LIBTORCH, else the one inside Python's torch. */
export function libtorch() {
  const own = process.env.LOCKSTEP_LIBTORCH;
  if (own !== undefined && own !== '') return own;
  const packages = sitePackages();
  return packages === null ? null : `${packages}/torch`;
}

/** The optional engine `tensorflow`: npm's package and Python's wheel, each in a folder of its own. */
export const tensorflow = {
  folder: inRoot('build/tensorflow'),
  package: inRoot('build/tensorflow/node_modules/@tensorflow/tfjs-node-gpu'),
  /** Where the package looks for it. */
  addon: inRoot(
    'build/tensorflow/node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node',
  ),
  python: inRoot('build/tensorflow/python'),
  library: inRoot('build/tensorflow/python/tensorflow/libtensorflow_cc.so.2'),
  versionHeader: inRoot(
    'build/tensorflow/python/tensorflow/include/tensorflow/core/public/release_version.h',
  ),
};
