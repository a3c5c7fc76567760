import assert from 'node:assert/strict';
import { it } from 'node:test';
import { partSizes, tooLarge } from './sizes.mjs';

it('adds up packages one by one and other folders whole, the largest first', () => {
  const files = [
    ['dist/a/b.js', 1],
    ['dist/c.js', 2],
    ['node_modules/@scope/x/y/z.js', 7],
    ['node_modules/ws/lib/a.js', 5],
    ['run.sh', 1],
  ];
  assert.deepEqual(partSizes(files), [
    ['node_modules/@scope/x', 7],
    ['node_modules/ws', 5],
    ['dist', 3],
    ['run.sh', 1],
  ]);
});

// Would catch an archive that turns out too large on the way to the other machine.
it('refuses what is larger than the limit', () => {
  assert.equal(tooLarge(60e6), null);
  assert.match(tooLarge(60_100_000), /has 60\.1 MB: it may have 60\.0 MB/);
});
