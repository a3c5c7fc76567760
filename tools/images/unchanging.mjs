/** All that an image is made of but the project's own code, as one digest. */
import { readFileSync, statSync } from 'node:fs';
import { inRoot } from '../setup/paths.mjs';
import { contents, digest, filesBelow } from '../setup/stamp.mjs';
import { librariesOfPlan } from './lay-out.mjs';

/** @param more strings: what the command line adds */
export function unchangingDigest(plan, more) {
  const { files } = librariesOfPlan(plan);
  // Half a gigabyte is not read again each time: who replaces a library leaves another time.
  const libraries = files.map((file) => {
    const { size, mtimeMs } = statSync(file);
    return `${file} ${size} ${mtimeMs}`;
  });
  const recipes = ['k8s/images', 'tools/images']
    .flatMap((folder) => filesBelow(inRoot(folder)))
    .filter((file) => !/\.test\.mjs$|-fixture\.mjs$|\/lint\/|\/healthcheck\.mjs$/.test(file));
  const lock = readFileSync(inRoot('package-lock.json'));
  return digest([...contents(recipes), lock, ...plan.packages, ...libraries, ...more]);
}
