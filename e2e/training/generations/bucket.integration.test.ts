/** A training whose checkpoints are in a bucket: all of its processes are lost, and others go on from there. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { importDataset } from '../../../dataset/import/import-dataset.js';
import { temporaryFolder, writeInput } from '../../../dataset/import/import-fixture.js';
import { resolveJob } from '../../../shared/job-spec/job-spec.js';
import { noS3Server, startS3Server } from '../../../storage/s3/s3-server-fixture.js';
import { newestFirst } from '../../../worker/checkpoint/newest-checkpoint.js';
import type { FromTraining } from '../../../worker/training/messages.js';
import { ElasticRun, type GenerationPlan } from './elastic-run.js';

const decoder = { hiddenSize: 4, layers: 1, heads: 1, intermediateSize: 4 };
const job = resolveJob({
  apiVersion: 'lockstep.dev/v1alpha1',
  kind: 'TrainingJob',
  metadata: { name: 'bucket' },
  spec: {
    data: { path: 'none' },
    model: { item: decoder, user: decoder, maxTextLength: 4, initializerRange: 0.2 },
    objective: { negatives: { total: 6 } },
    // It gets worse, so that the best checkpoint is an old one.
    optimizer: { learningRate: 0.5, schedule: { kind: 'constant' } },
    batch: { sequences: 4 },
    duration: { steps: 8 },
    lanes: 2,
    engine: { name: 'cpu' },
    evaluation: { everySteps: 2, cutoffs: [1, 3] },
    checkpoint: { everySteps: 2, keep: 2, best: 'mrr' },
  },
});

const whole: GenerationPlan = {
  members: [0, 1],
  weights: [1, 1],
  writer: 1,
  disturbance: null,
  joins: false,
};

const items = Array.from({ length: 9 }, (_, item) => `i${item},word${item} word${item % 4}`);
const seen = Array.from({ length: 60 }, (_, at) => `i${(at * 4 + (at % 7)) % 9},u${at % 10},${at}`);

// Catches: a checkpoint of the bucket that only its writer finds, moments that are lost on the way, and a
// best one that cannot be read from there at the end.
test('what others have left in a bucket is gone on from, to the same bits', {
  skip: noS3Server,
}, async (context) => {
  const folder = temporaryFolder(context);
  const { directory } = await importDataset(
    writeInput(
      folder,
      `item_id,title\n${items.join('\n')}\n`,
      `item_id,user_id,timestamp\n${seen.join('\n')}\n`,
    ),
  );
  const { environment, makeBucket } = await startS3Server({ after });
  Object.assign(process.env, environment);
  await makeBucket('lockstep-generations');
  const bucket = 's3://lockstep-generations/run/checkpoints';

  const train = async (checkpointDirectory: string, plan: GenerationPlan) => {
    const run = await ElasticRun.open({
      job,
      datasetDirectory: directory,
      checkpointDirectory,
      processes: 2,
    });
    try {
      const finished = await run.generation(plan);
      return { finished, told: run.told };
    } finally {
      await run.close();
    }
  };
  const undisturbed = await train(join(folder, 'checkpoints'), whole);
  assert.equal(undisturbed.finished, true);

  const begun = await train(bucket, {
    ...whole,
    disturbance: { kind: 'abort', after: 120, whom: 0 },
  });
  assert.equal(begun.finished, false);
  const [newest] = await newestFirst(bucket);
  assert.match(newest ?? '', /^s3:.*\/step-0000000[2-6]$/);
  const goneOn = await train(bucket, { ...whole, writer: 0 });
  assert.equal(goneOn.finished, true);
  assert.deepEqual(endOf(goneOn.told), endOf(undisturbed.told));
});

function endOf(told: readonly FromTraining[]) {
  const finished = told.findLast((message) => message.kind === 'finished');
  const evaluated = told.findLast((message) => message.kind === 'evaluated');
  assert.ok(finished?.kind === 'finished' && evaluated?.kind === 'evaluated');
  const { committedSteps, weightsSha256, finalLoss, best } = finished;
  return { committedSteps, weightsSha256, finalLoss, best: best?.committedSteps, evaluated };
}
