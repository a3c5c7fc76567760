import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { runLogged } from './command.mjs';
import { inRoot } from './paths.mjs';
import { contents, digest, filesBelow, hasStamp, removeStamp, writeStamp } from './stamp.mjs';

const stamp = inRoot('build/setup/tsc.stamp');
/** What runs in Node, and what runs in browsers. */
const projects = ['tsconfig.json', 'coordinator/dashboard/tsconfig.json'];
const buildInfo = inRoot('dist/.tsbuildinfo');

export const compiled = {
  name: 'typescript',
  needs: () => [],
  isStale: () => !hasStamp(stamp, key()) || missingOutput() !== undefined,
  async run() {
    removeStamp(stamp);
    const removed = removeOrphans(inRoot('dist'));
    // tsc goes by its own record, and would not write a file again that someone removed.
    if (missingOutput() !== undefined) rmSync(buildInfo, { force: true });
    const before = sourcesDigest();
    const tsc = inRoot('node_modules/typescript/bin/tsc');
    for (const project of projects) {
      await runLogged('tsc', [process.execPath, tsc, '-p', inRoot(project)]);
    }
    // Where a file changed under tsc, nobody knows which of the two it read.
    if (sourcesDigest() === before) writeStamp(stamp, key());
    return removed === 0 ? 'compiled' : `compiled, ${removed} outputs without a source removed`;
  },
};

// With tsc's own record: whoever ran tsc by hand meanwhile may have compiled other sources.
const key = () => digest([sourcesDigest(), existsSync(buildInfo) ? readFileSync(buildInfo) : '']);

const sourcesDigest = () =>
  digest(contents([...projects.map(inRoot), inRoot('package-lock.json'), ...sources()]));

/** The folders that tsconfig.json includes; it is plain JSON. */
const folders = JSON.parse(readFileSync(inRoot('tsconfig.json'), 'utf8')).include;

const sources = () =>
  folders
    .map(inRoot)
    .filter(existsSync)
    .flatMap(filesBelow)
    .filter((file) => file.endsWith('.ts'));

const missingOutput = () =>
  sources().find((file) => !file.endsWith('.d.ts') && !existsSync(outputOf(file)));

const outputOf = (file) => inRoot(`dist/${file.slice(inRoot('').length).replace(/ts$/, 'js')}`);

/** A test whose source is gone must not run, nor may an import still find a file that was moved. */
function removeOrphans(folder) {
  if (!existsSync(folder)) return 0;
  let removed = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      removed += removeOrphans(path);
      if (readdirSync(path).length === 0) rmdirSync(path);
    } else if (/\.js(\.map)?$/.test(entry.name) && !existsSync(sourceOf(path))) {
      rmSync(path);
      removed += 1;
    }
  }
  return removed;
}

const sourceOf = (output) =>
  inRoot(output.slice(inRoot('dist/').length).replace(/\.js(\.map)?$/, '.ts'));
