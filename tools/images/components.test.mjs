import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inRoot } from '../setup/paths.mjs';
import { components } from './components.mjs';
import { loadedAtOnce } from './reachable.mjs';

const read = (file) => readFileSync(inRoot(file), 'utf8');

for (const [name, { entries, leftOut }] of Object.entries(components)) {
  // Would catch an image whose process does not start, for want of a file that only other images have.
  test(`what the ${name} image leaves out is loaded on demand alone`, () => {
    for (const entry of entries) {
      const files = loadedAtOnce(entry, read);
      assert.ok(files.length > 3, entry);
      assert.deepEqual(
        files.filter((file) => leftOut.some((start) => file.startsWith(start))),
        [],
        entry,
      );
    }
  });
}
