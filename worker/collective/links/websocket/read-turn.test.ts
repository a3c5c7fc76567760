import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ReadTurn } from './read-turn.js';

// Would catch a socket that is never read again, and one that keeps this thread from its messages.
test('a turn ends after some megabytes, and what waits goes on in the next one', async () => {
  const readTurn = new ReadTurn();
  const wentOn: string[] = [];
  const read = (name: string) => readTurn.take(3 * 2 ** 20, () => wentOn.push(name));
  assert.deepEqual([read('a'), read('b'), read('c')], [true, false, false]);
  assert.deepEqual(wentOn, []);
  await turn();
  assert.deepEqual(wentOn, ['b', 'c']);
  assert.equal(read('a'), true);
});
