/** Trainings of the objectives with targets, with real checkpoints, members and links, on a tiny model. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import type { FromTraining } from '../../worker/training/messages.js';
import { Trees, treeDecoder, weightsOf } from './trees.js';

const trees = new Trees();

const jobOf = (kind: string): TrainingJob =>
  trees.job(kind, {
    model: { item: treeDecoder, user: treeDecoder, maxTextLength: 4, initializerRange: 0.2 },
    objective: {
      kind,
      negatives: { all: true },
      targets: { kind: 'sampled', perUser: 2, negatives: 3 },
    },
    optimizer: { learningRate: 0.01, schedule: { kind: 'constant' } },
    engine: { name: 'torch', threads: 1 },
  });

const reportsOf = (said: readonly FromTraining[]) =>
  said.flatMap((message) => (message.kind === 'committed' ? [message.report] : []));

for (const kind of ['early-fusion', 'late-fusion']) {
  // Would catch targets that are dealt or drawn by member, gradients of the head or the token that
  // only one member has, and a checkpoint without them.
  test(`${kind}: one, two and three members end alike, across a resume`, async () => {
    const job = jobOf(kind);
    const alone = await trees.train(`${kind} 1`, job);
    await trees.train(`${kind} 2`, job, { members: 2, stopAfter: 3 });
    const resumeFrom = trees.checkpoint(`${kind} 2`, 3);
    const resumed = await trees.train(`${kind} 2`, job, { members: 3, resumeFrom });
    assert.equal(weightsOf(resumed), weightsOf(alone));
    assert.deepEqual(
      reportsOf(resumed[2] as FromTraining[]).map(({ loss, measures }) => [loss, measures]),
      reportsOf(alone[0] as FromTraining[])
        .slice(3)
        .map(({ loss, measures }) => [loss, measures]),
    );
    for (const { loss, measures } of reportsOf(alone[0] as FromTraining[])) {
      const { generative_loss, classification_loss, targets } = measures;
      const sum = (generative_loss as number) + (classification_loss as number);
      assert.ok(Math.abs(loss / sum - 1) < 1e-6);
      assert.ok((targets as number) > 0);
    }
  });
}
