/** That the documentation hangs together: every page is found, and every link leads somewhere. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../shared/project-root.js';
import { anchorsOf, linksOf } from './markdown.js';

const read = (file: string): string => readFileSync(new URL(file, projectRoot), 'utf8');

const below = (folder: string): string[] =>
  readdirSync(new URL(`${folder}/`, projectRoot), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);

const entrance = 'docs/README.md';
const pages = ['README.md', ...below('docs'), ...below('examples')];

/** From the root: the file that a link of `page` leads to. */
const fileOf = (page: string, target: string): string => {
  const [path = ''] = target.split('#');
  return path === '' ? page : posix.join(posix.dirname(page), path);
};

/** Why the link leads nowhere; null where it does not. */
function faultOf(page: string, target: string): string | null {
  const file = fileOf(page, target);
  if (!existsSync(new URL(file, projectRoot))) return `there is no ${file}`;
  const [, anchor] = target.split('#');
  if (anchor === undefined || !file.endsWith('.md')) return null;
  return anchorsOf(read(file)).has(anchor) ? null : `${file} has no heading #${anchor}`;
}

// Would catch a page that is renamed or a heading that is worded anew, while others still lead there.
test('every relative link leads to a file, and to a heading that it has', () => {
  const faults = pages.flatMap((page) =>
    linksOf(read(page)).flatMap(({ line, target }) => {
      const fault = faultOf(page, target);
      return fault === null ? [] : [`${page}:${line}: ${target}: ${fault}`];
    }),
  );
  assert.deepEqual(faults, []);
});

// Would catch a page that nobody finds.
test('docs/README.md links to every page of docs/', () => {
  const linked = new Set(linksOf(read(entrance)).map(({ target }) => fileOf(entrance, target)));
  assert.deepEqual(
    below('docs').filter((page) => page !== entrance && !linked.has(page)),
    [],
  );
});
