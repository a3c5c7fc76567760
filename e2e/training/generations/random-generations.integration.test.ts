/** Members come, go and die wherever they are: the training ends with the bits of one that nobody disturbed. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { memory } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { importDataset } from '../../../dataset/import/import-dataset.js';
import { writeInput } from '../../../dataset/import/import-fixture.js';
import { resolveJob, type TrainingJob } from '../../../shared/job-spec/job-spec.js';
import { openEngine } from '../../../worker/engine/open-engine.js';
import type { FromTraining } from '../../../worker/training/messages.js';
import { ElasticRun, type GenerationPlan } from './elastic-run.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-generations-'));
const datasetDirectory = join(folder, 'out');
after(() => rmSync(folder, { recursive: true, force: true }));

const names = ['ash', 'elm', 'fir', 'oak', 'yew', 'box', 'bay', 'fig', 'nut', 'sea', 'ivy', 'hop'];

before(async () => {
  await openEngine('cpu', { threads: 1 });
  const items = names.map((name, item) => `${item},${name}`).join('\n');
  const rows: string[] = [];
  for (let user = 0; user < 18; user++) {
    for (let at = 0; at < 5 + (user % 3); at++) {
      rows.push(`${(user * 5 + at * (1 + (user % 3))) % names.length},u${user},${at}`);
    }
  }
  const interactions = `item_id,user_id,timestamp\n${rows.join('\n')}\n`;
  await importDataset(writeInput(folder, `item_id,title\n${items}\n`, interactions));
});

const decoder = { hiddenSize: 4, layers: 1, heads: 1, intermediateSize: 4 };

const jobOf = (spec: object): TrainingJob =>
  resolveJob({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'elastic' },
    spec: {
      data: { path: datasetDirectory },
      model: { item: decoder, user: decoder, maxTextLength: 4, initializerRange: 0.2 },
      optimizer: { learningRate: 0.02, schedule: { kind: 'constant' } },
      batch: { sequences: 4 },
      lanes: 4,
      engine: { name: 'cpu' },
      evaluation: { everySteps: 2, cutoffs: [1, 3] },
      checkpoint: { everySteps: 3, keep: 2, best: 'mrr' },
      ...spec,
    },
  });

const jobs: Readonly<Record<string, () => TrainingJob>> = {
  // A border in the middle, and items that are frozen behind it.
  stages: () =>
    jobOf({
      objective: { negatives: { total: 6 } },
      stages: [
        { name: 'all', duration: { steps: 4 } },
        { name: 'users', duration: { steps: 4 }, train: { item: { kind: 'nothing' } } },
      ],
    }),
  // The first step leaves no negative: the guard goes back to the first weights, with another mask.
  guarded: () =>
    jobOf({
      objective: {
        negatives: { all: true },
        falseNegatives: 'cosine',
        falseNegativeThreshold: -1,
      },
      guard: { action: 'continue', change: { falseNegatives: 'text' } },
      duration: { steps: 5 },
    }),
  // It gets worse at once.
  patient: () =>
    jobOf({
      objective: { negatives: { total: 6 } },
      optimizer: { learningRate: 1, schedule: { kind: 'constant' } },
      evaluation: { everySteps: 1, cutoffs: [1], patience: 2 },
      duration: { steps: 9 },
    }),
};

const processes = 3;

const everyone: GenerationPlan = {
  members: [0, 1, 2],
  weights: [1, 2, 1],
  writer: 0,
  disturbance: null,
  joins: false,
};

const generations = fc.array(
  fc.record({
    members: fc.shuffledSubarray([0, 1, 2], { minLength: 1 }),
    weights: fc.array(fc.nat(3), { minLength: processes, maxLength: processes }),
    writer: fc.nat(2),
    disturbance: fc.record({
      kind: fc.constantFrom('change', 'abort', 'kill'),
      after: fc.nat(60),
      whom: fc.nat(2),
    }),
    joins: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
);

/** Durations and places differ. */
function endOf(told: readonly FromTraining[]) {
  const losses = new Map<number, number>();
  const validated = new Map<number, unknown>();
  for (const message of told) {
    if (message.kind === 'committed') {
      const { step, loss } = message.report;
      assert.equal(losses.get(step) ?? loss, loss, `two losses of step ${step}`);
      losses.set(step, loss);
    }
    if (message.kind === 'validated') validated.set(message.committedSteps, message.results);
  }
  const last = <Kind extends FromTraining['kind']>(kind: Kind) =>
    told.findLast((message) => message.kind === kind) as Extract<FromTraining, { kind: Kind }>;
  const { committedSteps, weightsSha256, finalLoss, endedEarly, stage, best } = last('finished');
  return {
    end: { committedSteps, weightsSha256, finalLoss, endedEarly, stage },
    best: best === null ? null : { ...best, checkpoint: null },
    evaluated: last('evaluated').results,
    losses: [...losses].sort(([a], [b]) => a - b),
    validated: [...validated].sort(([a], [b]) => a - b),
  };
}

let runs = 0;

async function train(job: TrainingJob, plans: readonly GenerationPlan[]) {
  const checkpointDirectory = join(folder, `run-${runs++}`);
  const { numTensors } = memory();
  const run = await ElasticRun.open({ job, datasetDirectory, checkpointDirectory, processes });
  try {
    for (const plan of plans) {
      if (await run.generation(plan)) break;
    }
    assert.ok(await run.generation(everyone));
    return { ...endOf(run.told), told: run.told };
  } finally {
    await run.close();
    assert.equal(memory().numTensors, numTensors, 'tensors that outlive their training');
  }
}

/** More by LOCKSTEP_RUNS, another beginning by LOCKSTEP_SEED. */
const numRuns = Number(process.env.LOCKSTEP_RUNS ?? 4);
const seed = Number(process.env.LOCKSTEP_SEED ?? 11);

for (const [name, job] of Object.entries(jobs)) {
  describe(`a training (${name}) whose members change`, () => {
    // Would catch a gradient that survives its step, a guard or a validation that counts a step twice, a
    // border that is crossed by some, a copy of a state in change, and a rank or a share in the result.
    it('ends with the bits of one that nobody disturbed', async (context) => {
      const alone = await train(job(), []);
      context.diagnostic(JSON.stringify(alone.end));
      await fc.assert(
        fc.asyncProperty(generations, async (plans) => {
          const { told: _, ...expected } = alone;
          const { told: __, ...found } = await train(job(), plans);
          assert.deepEqual(found, expected);
        }),
        { numRuns, seed, endOnFailure: true },
      );
    });
  });
}
