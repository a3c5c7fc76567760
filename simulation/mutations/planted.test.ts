import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeed } from '../run-seed.js';
import { fromEventLoop } from '../time/drain.js';
import { plantedFaults } from './planted-fixture.js';

/** So many are run within a minute. */
const seedsMax = 400;

// Would catch checks that look at nothing, and schedules in which nothing happens when it matters.
for (const [name, planted] of Object.entries(plantedFaults)) {
  test(`the simulator finds ${name}`, async (context) => {
    for (let seed = 1; seed <= seedsMax; seed++) {
      const { found } = await fromEventLoop(() => runSeed(seed, { planted }));
      if (found.length === 0) continue;
      const unplanted = await fromEventLoop(() => runSeed(seed));
      assert.deepEqual(unplanted.found, [], `seed ${seed} fails of itself`);
      context.diagnostic(`seed ${seed}: ${found[0]}`);
      return;
    }
    assert.fail(`${seedsMax} seeds pass`);
  });
}
