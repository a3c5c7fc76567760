import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeed } from './run-seed.js';
import { fromEventLoop } from './time/drain.js';

const traced = (seed: number) =>
  fromEventLoop(() => {
    const lines: string[] = [];
    const result = runSeed(seed, { trace: (line) => lines.push(line) });
    return { ...result, lines };
  });

// Would catch chance, time or order that a seed does not decide: no failure could be replayed.
test('a seed is the same run again, to the last line of its trace', async () => {
  for (const seed of [3, 7, 11]) {
    const once = await traced(seed);
    assert.deepEqual(once.found, []);
    assert.ok(once.lines.length > 50);
    assert.deepEqual(await traced(seed), once);
  }
});

// Would catch a simulation that fails of itself, whatever the code under test does.
test('nothing is found where nothing goes wrong', async () => {
  for (let seed = 1; seed <= 8; seed++) {
    const { found } = await fromEventLoop(() => runSeed(seed, { faults: [] }));
    assert.deepEqual(found, [], `seed ${seed}`);
  }
});
