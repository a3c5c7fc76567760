import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyTimeout } from '../coordinator/membership/limits.js';
import { silentCopies } from './mutations/planted-fixture.js';
import { runSeed, type SeedOptions, setupOf } from './run-seed.js';
import { parseSchedule } from './schedule/fault.js';
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

/** Where the workers of generation 1 are joined by another one, whose copy takes longer than any wait for links. */
const longCopy = 25;

/** Of generations that begin. */
const begun = (lines: readonly string[]): string[] =>
  lines.filter((line) => /"kind":"generation".*"position":\{/.test(line));

// Would catch members that give up a newcomer which still copies, and a leader that does not see its bytes come.
test('a newcomer with a large state is taken in at its first border, however long it copies', async () => {
  assert.ok(setupOf(longCopy).copyTime > copyTimeout);
  const faults = parseSchedule('1500 start worker-9');
  const play = (planted?: SeedOptions['planted']) =>
    fromEventLoop(() => {
      const lines: string[] = [];
      const { found } = runSeed(longCopy, { faults, planted, trace: (line) => lines.push(line) });
      return { found, lines };
    });
  const { found, lines } = await play();
  assert.deepEqual(found, []);
  assert.equal(begun(lines).length, 2);
  assert.ok(lines.some((line) => line.endsWith('worker-9 trains in generation 2')));
  const silent = await play(silentCopies);
  assert.equal(begun(silent.lines).length, 3);
});
