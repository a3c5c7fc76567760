/** Sizes of what is in the archive, for whoever must make it smaller. */

/** The largest archive that is carried to a machine with a GPU. */
export const mostBytes = 60e6;

/** How many folders a part's name has: packages count one by one, the rest by top folder. */
const depthOf = (path) =>
  path.startsWith('node_modules/@') ? 3 : path.startsWith('node_modules/') ? 2 : 1;

/**
 * @param files pairs of a path and its bytes.
 * @returns pairs of a part's name and its bytes, the largest first.
 */
export function partSizes(files) {
  const sizes = new Map();
  for (const [path, bytes] of files) {
    const part = path.split('/').slice(0, depthOf(path)).join('/');
    sizes.set(part, (sizes.get(part) ?? 0) + bytes);
  }
  return [...sizes].sort(([, a], [, b]) => b - a);
}

export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** null where the archive is small enough; else what is to be said. */
export function tooLarge(bytes, limit = mostBytes) {
  return bytes <= limit
    ? null
    : `Cannot bundle: the archive has ${megabytes(bytes)}: it may have ${megabytes(limit)} at most`;
}
