import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { historyLine } from '../../shared/history/history-line.js';
import { projectRoot } from '../../shared/project-root.js';

const page = readFileSync(new URL('docs/run-folder.md', projectRoot), 'utf8');

/** On every line; the page says so above the table. */
const common = ['kind', 'time', 'committed_steps'];

// Would catch a field that is renamed, added or removed without a word on the page.
test('docs/run-folder.md names every field of every kind of line', () => {
  const missing = historyLine.options.flatMap(({ shape }) => {
    const [kind] = shape.kind.values;
    const row = page.split('\n').find((line) => line.startsWith(`| \`${kind}\` |`)) ?? '';
    return Object.keys(shape)
      .filter((field) => !common.includes(field) && !row.includes(`\`${field}\``))
      .map((field) => `${kind}: ${field}`);
  });
  assert.deepEqual(missing, []);
});
