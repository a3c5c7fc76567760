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
