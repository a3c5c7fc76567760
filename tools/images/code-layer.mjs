/** The top layer of an image, of the project's own code, as a tar file. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { tarEnd, tarEntry } from './tar.mjs';

/** Where everything of ours lies in an image. */
const home = 'lockstep';

/** @param folder as lay-out.mjs made it; @returns the bytes of the layer, the same for the same files */
export const codeLayer = (folder) =>
  Buffer.concat([...entriesOf(folder, home).map(tarEntry), tarEnd()]);

function entriesOf(folder, path) {
  const inside = readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  return [
    { path, mode: 0o755, content: null },
    ...inside.flatMap((entry) => {
      const file = `${folder}/${entry.name}`;
      const inner = `${path}/${entry.name}`;
      return entry.isDirectory()
        ? entriesOf(file, inner)
        : [{ path: inner, mode: statSync(file).mode & 0o777, content: readFileSync(file) }];
    }),
  ];
}
