/** Trainings of the objectives with targets, with real checkpoints, members and links, on a tiny model. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { importDataset } from '../../dataset/import/import-dataset.js';
import { writeInput } from '../../dataset/import/import-fixture.js';
import { resolveJob, type TrainingJob } from '../../shared/job-spec/job-spec.js';
import type { FromTraining } from '../../worker/training/messages.js';
import { type MembersOptions, only, trainMembers } from './train-members.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-objectives-'));
const datasetDirectory = join(folder, 'out');
after(() => rmSync(folder, { recursive: true, force: true }));

const names = ['ash', 'elm', 'fir', 'oak', 'yew', 'box', 'bay', 'fig', 'nut', 'sea', 'ivy', 'hop'];

before(async () => {
  const items = names.map((name, item) => `${item},${name}`).join('\n');
  // Users of 5 to 8 items, so that lanes have histories of several lengths.
  const rows = Array.from({ length: 20 }, (_, user) =>
    Array.from({ length: 5 + (user % 4) }, (_, at) => {
      const item = (user * 5 + at * (1 + (user % 3))) % names.length;
      return `${item},u${user},${user * 10 + at}`;
    }),
  ).flat();
  const interactions = `item_id,user_id,timestamp\n${rows.join('\n')}\n`;
  await importDataset(writeInput(folder, `item_id,title\n${items}\n`, interactions));
});

const decoder = { hiddenSize: 8, layers: 2, heads: 2, intermediateSize: 12 };

const jobOf = (kind: string): TrainingJob =>
  resolveJob({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: kind },
    spec: {
      data: { path: datasetDirectory },
      model: { item: decoder, user: decoder, maxTextLength: 4, initializerRange: 0.2 },
      objective: {
        kind,
        negatives: { all: true },
        targets: { kind: 'sampled', perUser: 2, negatives: 3 },
      },
      optimizer: { learningRate: 0.01, schedule: { kind: 'constant' } },
      batch: { sequences: 8 },
      duration: { steps: 6 },
      lanes: 4,
      engine: { name: 'torch', threads: 1 },
      checkpoint: { everySteps: 3 },
      evaluation: { cutoffs: [1] },
    },
  });

const train = (name: string, job: TrainingJob, options: Partial<MembersOptions>) =>
  trainMembers({
    job,
    datasetDirectory,
    checkpointDirectory: join(folder, name),
    members: 1,
    ...options,
  });

const reportsOf = (said: readonly FromTraining[]) =>
  said.flatMap((message) => (message.kind === 'committed' ? [message.report] : []));

const digestOf = (said: readonly FromTraining[][]): string =>
  only(said[0] as FromTraining[], 'finished').weightsSha256;

for (const kind of ['early-fusion', 'late-fusion']) {
  // Would catch targets that are dealt or drawn by member, gradients of the head or the token that
  // only one member has, and a checkpoint without them.
  test(`${kind}: one, two and three members end alike, across a resume`, async () => {
    const job = jobOf(kind);
    const alone = await train(`${kind} 1`, job, {});
    await train(`${kind} 2`, job, { members: 2, stopAfter: 3 });
    const resumeFrom = join(folder, `${kind} 2`, 'step-00000003');
    const resumed = await train(`${kind} 2`, job, { members: 3, resumeFrom });
    assert.equal(digestOf(resumed), digestOf(alone));
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
