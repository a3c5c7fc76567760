import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { readFailedSeeds } from './failed-seeds.js';
import { firstNewSeed, headCommit } from './new-seeds.js';
import { runSeed } from './run-seed.js';
import { parseSchedule } from './schedule/fault.js';
import type { FailedRun, SeedRange } from './seed-thread.js';
import { fromEventLoop } from './time/drain.js';

const newSeeds = 2000;

/** Where nobody would look at the hundredth of one kind. */
const shownMax = 5;

// Would catch a mistake that was mended once and has come back.
test('whatever has failed once does not fail again', async () => {
  for (const { seed, schedule, found: before } of readFailedSeeds()) {
    const { found } = await fromEventLoop(() => runSeed(seed, { faults: parseSchedule(schedule) }));
    assert.deepEqual(found, [], `seed ${seed}, in which once ${before}: ${schedule}`);
  }
});

// Would catch whatever a kill, a hang or a lost message at the wrong moment does to a run.
test(`${newSeeds} seeds that nobody has run before end as the undisturbed runs do`, async (context) => {
  const from = firstNewSeed(headCommit());
  context.diagnostic(`seeds ${from} to ${from + newSeeds - 1}`);
  const every = Math.min(4, availableParallelism());
  const failed = await Promise.all(
    Array.from({ length: every }, (_, thread) =>
      inThread({ from: from + thread, to: from + newSeeds, every }),
    ),
  );
  const texts = failed
    .flat()
    .map(
      ({ seed, found, schedule }) =>
        `npm run sim -- --seed ${seed} --trace\n  ${found.join('\n  ')}\n  ${schedule}`,
    );
  assert.equal(texts.length, 0, `${texts.length} fail:\n${texts.slice(0, shownMax).join('\n')}`);
});

function inThread(range: SeedRange): Promise<FailedRun[]> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./seed-thread.js', import.meta.url), { workerData: range });
    thread.once('message', resolve);
    thread.once('error', reject);
  });
}
