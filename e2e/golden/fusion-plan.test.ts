import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { projectRoot } from '../../shared/project-root.js';
import { readFusionCase } from './fusion-case.js';
import { fusionPlans } from './fusion-plan.js';

const golden = readFusionCase(new URL('e2e/golden/cases/early-fusion', projectRoot).pathname);
const { histories, targets, labels } = golden.configuration;

describe('lane plans of a case with targets', () => {
  // Would catch a user that no lane has, or that trains on another's targets.
  it('deal every user with its history, targets and labels to one lane', () => {
    const lanes = fusionPlans(golden);
    const catalogue = lanes.flatMap(({ plan }) => Array.from(plan.items));
    const found = new Map<number, unknown>();
    for (const { plan, users } of lanes) {
      const itemsOf = (rows: Int32Array): number[] =>
        Array.from(rows, (row) => catalogue[row] as number);
      users.forEach((user, at) => {
        const { offsets, rows, labels } = plan.targets as NonNullable<typeof plan.targets>;
        const [start, end] = plan.sequenceOffsets.subarray(at, at + 2);
        found.set(user, [
          itemsOf(plan.sequenceRows.subarray(start, end)),
          itemsOf(rows.subarray(offsets[at], offsets[at + 1])),
          [...labels.subarray(offsets[at], offsets[at + 1])],
        ]);
      });
    }
    const given = histories.map((history, user) => [history, targets[user], labels[user]]);
    assert.deepEqual(
      given.map((_, user) => found.get(user)),
      given,
    );
    assert.equal(found.size, given.length);
  });

  // Would catch a mean of the lanes' means: a case has one mean over all of its users.
  it('weigh all predictions and all targets equally', () => {
    const predictions = histories.reduce((sum, { length }) => sum + length - 1, 0);
    for (const { plan } of fusionPlans(golden)) {
      assert.equal(plan.lossScale, 1 / predictions);
      assert.equal(plan.targets?.scale, 1 / targets.flat().length);
    }
  });
});
