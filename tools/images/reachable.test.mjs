import assert from 'node:assert/strict';
import { it } from 'node:test';
import { namesIn, reachable } from './reachable.mjs';

// Would catch: a thread, a command or a package that is missing only in the image.
it('sees every way in which a module names another', () => {
  const text = `
import { a } from './a.js';
import 'effect';
import {
  b,
} from "../b.js";
export { c } from './c.js';
export * from '@scope/d/inner';
const e = await import('./e.js');
const thread = new Worker(new URL('./thread.js', import.meta.url), {});
const folder = createRequire(import.meta.url).resolve('@scope/wasm');
const data = new URL('../data/', import.meta.url);
`;
  assert.deepEqual(namesIn(text).sort(), [
    '../b.js',
    './a.js',
    './c.js',
    './e.js',
    './thread.js',
    '@scope/d/inner',
    '@scope/wasm',
    'effect',
  ]);
});

const modules = {
  'dist/main.js': "import './own/a.js';\nimport 'node:fs';\nimport 'ws';",
  'dist/own/a.js': "import '../main.js';\nawait import('../other/b.js');\nimport '@scope/p/x';",
  'dist/other/b.js': "import 'left-out-with-it';",
};
const read = (file) => modules[file] ?? null;

it('follows imports round in circles, and not into what is left out', () => {
  assert.deepEqual(reachable(['dist/main.js'], ['dist/other/'], read), {
    files: ['dist/main.js', 'dist/own/a.js'],
    packages: ['@scope/p', 'ws'],
    missing: [],
  });
});

it('names what is not there and who wants it', () => {
  const { missing } = reachable(['dist/main.js', 'dist/entry.js'], [], (file) =>
    file === 'dist/other/b.js' ? null : read(file),
  );
  assert.deepEqual(missing, ['dist/entry.js', 'dist/other/b.js (for dist/own/a.js)']);
});
