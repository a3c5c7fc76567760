import { relative } from 'node:path';

/** A path as a person in that folder would type it: what is not below the folder stays as it is. Pure. */
export function shownPath(path: string, folder: string): string {
  if (!path.startsWith('/')) return path;
  const below = relative(folder, path);
  return below === '' || below === '..' || below.startsWith('../') ? path : below;
}
