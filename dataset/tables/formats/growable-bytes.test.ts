import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GrowableBytes } from './growable-bytes.js';

test('what was appended comes back in order, over any number of pieces', () => {
  // Catches bytes that are lost where one piece ends and the next begins.
  const bytes = new GrowableBytes();
  const parts = [3, 0, 2 ** 20 - 3, 2 ** 20, 2 ** 21 + 5, 7].map((length, index) =>
    new Uint8Array(length).fill(index + 1),
  );
  for (const part of parts) bytes.append(part);
  assert.ok(Buffer.concat(parts).equals(bytes.take()));
  assert.deepEqual([bytes.length, bytes.take().length], [0, 0]);
});
