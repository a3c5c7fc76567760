import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { step } from '../../shared/ids.js';
import { projectRoot } from '../../shared/project-root.js';
import { type GoldenBatch, readGoldenCase } from './golden-case.js';
import { goldenLanes } from './golden-plan.js';

const golden = readGoldenCase(new URL('e2e/golden/cases/two-workers', projectRoot).pathname);

describe('lane plans of a golden case', () => {
  // Would catch padding that is trained on, or a user or item that is swapped for another.
  it('hold exactly the real items of every user, and every negative in rank order', () => {
    for (const [at, ranks] of golden.batches.entries()) {
      const lanes = goldenLanes(golden, step(at));
      const catalogue = lanes.flatMap(({ plan }) => Array.from(plan.items));
      lanes.forEach(({ plan, users }, rank) => {
        const itemOf = (row: number): number => catalogue[row] as number;
        users.forEach((user, sequence) => {
          const [start, end] = plan.sequenceOffsets.subarray(sequence, sequence + 2);
          const rows = Array.from(plan.sequenceRows.subarray(start, end), itemOf);
          assert.deepEqual(rows, (ranks[rank] as GoldenBatch).sequences[user]);
        });
        assert.deepEqual([...users].sort(), [0, 1]);
        const negatives = ranks.flatMap((batch) => batch.negatives);
        assert.deepEqual(Array.from(plan.negatives, itemOf), negatives);
      });
    }
  });

  // Would catch an item that is encoded twice: its gradient would then be split, and slower.
  it('deal every needed item to one lane, shortest text first', () => {
    const lanes = goldenLanes(golden, step(0));
    const items = lanes.flatMap(({ plan }) => Array.from(plan.items));
    assert.equal(new Set(items).size, items.length);
    for (const { plan } of lanes) {
      const [start, end] = plan.itemLaneOffsets.subarray(plan.lane, plan.lane + 2);
      assert.equal((end as number) - (start as number), plan.items.length);
      const lengths = Array.from(plan.items, (item) => golden.configuration.items[item]?.length);
      assert.deepEqual(
        lengths,
        [...lengths].sort((a, b) => (a as number) - (b as number)),
      );
    }
  });

  // Would catch a mean over all predictions: the reference takes the mean of the ranks' means.
  it('weigh ranks equally', () => {
    for (const { plan } of goldenLanes(golden, step(0))) {
      const predictions = plan.sequenceRows.length - plan.users.length;
      assert.equal(plan.lossScale * predictions, 1 / 2);
    }
  });
});
