import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../shared/project-root.js';
import { userCache } from '../../storage/user-cache.js';
import { builtInFolder } from './built-in-datasets.js';

/** In the installation, where all its users find them; or else this user's own. */
const dataRoots = (): readonly string[] => [
  fileURLToPath(new URL('data/', projectRoot)),
  join(userCache(), 'data'),
];

/** Where a built-in dataset is, or where this user may put it. */
export async function dataRootFor(name: string, roots = dataRoots()): Promise<string> {
  for (const root of roots) {
    if ((await stat(builtInFolder(name, root)).catch(() => null)) !== null) return root;
  }
  for (const root of roots) if (await isWritable(root)) return root;
  return roots.at(-1) as string;
}

/** Whether this user may write into the folder, or make it where it is absent. */
async function isWritable(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK);
    return true;
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return absent && dirname(folder) !== folder && isWritable(dirname(folder));
  }
}
