import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureImport } from './memory-fixture.js';

const MiB = 2 ** 20;

test('an import of packed text takes memory for its rows, not for its text', () => {
  // Catches a file that is unpacked as a whole: its text has 225 MiB, which is what this would add.
  const { peakBytes } = measureImport('jsonl.gz', { rows: 200_000, users: 20_000, items: 1000 });
  assert.ok(peakBytes < 200 * MiB, `${peakBytes / MiB} MiB`);
});
