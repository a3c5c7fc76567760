import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openDataset } from '../../dataset/dataset.js';
import { importDataset } from '../../dataset/import/import-dataset.js';
import { temporaryFolder, writeInput } from '../../dataset/import/import-fixture.js';
import { trainingView } from '../../dataset/training-view.js';
import { generation, type Lane, rank, step } from '../../shared/ids.js';
import { resolveJob } from '../../shared/job-spec/job-spec.js';
import { lanePlan } from '../../shared/plan/plan.js';
import { Planner } from '../../shared/plan/planner.js';
import {
  CheckpointWriteError,
  type startCheckpointWriter,
} from '../checkpoint/checkpoint-writer.js';
import { stateSections } from '../state/training-state.js';
import type { FromTraining, ToTraining } from './messages.js';
import { Training } from './run-training.js';

const steps = 12;
const size = { hiddenSize: 8, layers: 1, heads: 1, intermediateSize: 8 };
const job = resolveJob({
  apiVersion: 'lockstep.dev/v1alpha1',
  kind: 'TrainingJob',
  metadata: { name: 'tiny' },
  spec: {
    data: { path: 'none' },
    model: { item: size, user: size, maxTextLength: 4 },
    objective: { negatives: { all: true } },
    optimizer: { learningRate: 0.001 },
    batch: { sequences: 2 },
    duration: { steps },
    lanes: 1,
    workers: { replicas: 1 },
    engine: { name: 'cpu', threads: 1 },
    checkpoint: { everySteps: 2 },
  },
});

/** Six users who each saw six items of eight. */
const items = Array.from({ length: 8 }, (_, item) => `i${item},word${item} word${item % 3},tag`);
const seen = Array.from({ length: 36 }, (_, at) => `i${(at * 5) % 8},u${at % 6},${at}`);
const input = [
  `item_id,title,tag\n${items.join('\n')}\n`,
  `item_id,user_id,timestamp\n${seen.join('\n')}\n`,
] as const;

async function open(
  context: TestContext,
  planned: number,
  startWriter?: typeof startCheckpointWriter,
  first: readonly ToTraining[] = [],
) {
  const { directory } = await importDataset(writeInput(temporaryFolder(context), ...input));
  const checkpointDirectory = join(temporaryFolder(context), 'checkpoints');
  const told: FromTraining[] = [];
  const reactions = new Map<FromTraining['kind'], () => void>();
  const training = new Training({
    start: {
      job,
      datasetDirectory: directory,
      cacheDirectory: null,
      checkpointDirectory,
      pretrained: { item: null, user: null },
      totalSteps: steps,
      evaluate: false,
    },
    tell: (message) => {
      told.push(message);
      reactions.get(message.kind)?.();
      if (message.kind === 'finished') training.receive({ kind: 'end' });
    },
    ...(startWriter !== undefined && { startWriter }),
  });
  for (const message of first) training.receive(message);
  training.receive({ kind: 'load', from: { kind: 'seed' } });
  training.receive({
    kind: 'enter',
    generation: generation(1),
    rank: rank(0),
    shares: [1],
    links: null,
    writes: true,
  });
  const planner = new Planner(job, trainingView(await openDataset(directory)));
  for (let at = 0; at < planned; at++) {
    const plan = lanePlan(planner.plan(step(at)), 0 as Lane);
    training.receive({ kind: 'plan', plan });
  }
  const kinds = (kind: FromTraining['kind']) => told.filter((message) => message.kind === kind);
  const whenTold = (kind: FromTraining['kind'], act: () => void) => void reactions.set(kind, act);
  return { training, checkpointDirectory, kinds, whenTold };
}

// Catches: a run that goes on for the steps to the next checkpoint, or for ever where none comes.
test('a checkpoint that cannot be written ends training when it fails', async (context) => {
  // Plans for three steps only: training then waits for more, and no other checkpoint is due.
  const { training, kinds } = await open(context, 3, () => ({
    ready: Promise.resolve(),
    write: ({ committedSteps }) =>
      Promise.reject(new CheckpointWriteError('DISK_FULL', `no room for step ${committedSteps}`)),
    close: async () => undefined,
  }));
  await assert.rejects(training.run(), { code: 'DISK_FULL', message: 'no room for step 2' });
  assert.deepEqual(kinds('checkpointed'), []);
  assert.deepEqual(kinds('finished'), []);
});

// Catches: a member that waits for nobody, and so hears of a change when its steps are over.
test('a lone member with all its batches leaves for a planned generation at the next step', async (context) => {
  const { training, kinds, whenTold } = await open(context, steps);
  whenTold('committed', () => training.receive({ kind: 'change', generation: generation(2) }));
  whenTold('left', () => training.receive({ kind: 'end' }));
  await training.run();
  const [left] = kinds('left');
  assert.ok(left?.kind === 'left');
  assert.deepEqual([left.how, left.position], ['change', { ...left.position, settled: true }]);
  assert.ok(left.position.committedSteps <= 3, `after ${left.position.committedSteps} steps`);
});

// Catches: a thread that says that it has saved what no checkpoint may hold.
test('a state of which something is still to be done is not saved, and that is said', async (context) => {
  const { training, kinds, whenTold } = await open(context, steps);
  whenTold('committed', () =>
    training.receive({ kind: 'abort', generation: generation(1), reason: 'it leaves' }),
  );
  whenTold('left', () => training.receive({ kind: 'save' }));
  whenTold('saved', () => training.receive({ kind: 'end' }));
  await training.run();
  const [left] = kinds('left');
  assert.ok(left?.kind === 'left' && !left.position.settled);
  assert.deepEqual(kinds('saved'), [{ kind: 'saved', isWritten: false }]);
  assert.deepEqual(kinds('checkpointed'), []);
});

// Catches: a file beside the checkpoints that cannot be written and names neither itself nor its use.
test('a folder that cannot be written to ends training by its name', async (context) => {
  const { training, checkpointDirectory } = await open(context, 3);
  writeFileSync(checkpointDirectory, 'in the way');
  await assert.rejects(training.run(), {
    code: 'STORAGE',
    message: /^Cannot write the last steps to .*checkpoints.*: (EEXIST|ENOTDIR)/,
  });
});

// Catches: a thread or a copy of the state that is not there in time, and a last checkpoint not awaited.
test('checkpoints are written while training goes on, and the last one before it ends', async (context) => {
  const { training, checkpointDirectory, kinds } = await open(context, steps);
  await training.run();
  const written = kinds('checkpointed').map((message) => 'path' in message && message.path);
  const [finished] = kinds('finished');
  assert.ok(finished?.kind === 'finished');
  assert.equal(finished.checkpoint, join(checkpointDirectory, 'step-00000012'));
  assert.deepEqual(
    written,
    [2, 4, 6, 8, 10, 12].map((at) =>
      join(checkpointDirectory, `step-${String(at).padStart(8, '0')}`),
    ),
  );
  assert.ok(readdirSync(checkpointDirectory).includes('step-00000012'));
});

/** What the training came to, step by step. */
async function bits(context: TestContext, first: readonly ToTraining[]) {
  const { training, kinds } = await open(context, steps, undefined, first);
  await training.run();
  const hashes = kinds('committed').map(
    (message) => message.kind === 'committed' && message.report.stateHash,
  );
  const [finished] = kinds('finished');
  assert.ok(finished?.kind === 'finished' && hashes.length === steps);
  return { end: { hashes, weightsSha256: finished.weightsSha256 }, warmed: kinds('warmed') };
}

// Catches: weights, moments or a count of steps that are left of a step that was nobody's.
test('a training after a warm-up has the bits of one without', async (context) => {
  const warmUp = { kind: 'warm-up', committedSteps: 5 } as const;
  const cold = await bits(context, []);
  const warm = await bits(context, [warmUp]);
  assert.deepEqual(warm.end, cold.end);
  const [warmed] = warm.warmed;
  assert.ok(warmed?.kind === 'warmed');
  assert.equal(warmed.problem, null);
  // Cut off before its first kernel: as when the run needs this worker now.
  const stop = { kind: 'abort', generation: generation(0), reason: 'the run waits' } as const;
  const cut = await bits(context, [warmUp, stop]);
  assert.deepEqual(cut.end, cold.end);
  const [given] = cut.warmed;
  assert.match((given?.kind === 'warmed' && given.problem) || '', /was cancelled/);
});

// Catches: a room that is taken beside the one that was warmed up in, or that keeps what was trained in it.
test('the room of a warm-up is all zeros when a state is copied into it', async (context) => {
  const { training: holder, whenTold, kinds } = await open(context, 0);
  whenTold('holds', () => holder.receive({ kind: 'end' }));
  await holder.run();
  const [held] = kinds('holds');
  assert.ok(held?.kind === 'holds');
  const { position, header } = held;
  const joiner = await open(context, 0, undefined, [
    { kind: 'warm-up', committedSteps: 0 },
    { kind: 'copy-begin', position, header },
  ]);
  joiner.whenTold('copying', () => joiner.training.receive({ kind: 'end' }));
  await joiner.training.run();
  const [warmed] = joiner.kinds('warmed');
  const [copying] = joiner.kinds('copying');
  assert.ok(warmed?.kind === 'warmed' && copying?.kind === 'copying');
  assert.equal(warmed.problem, null);
  for (const section of stateSections) {
    const floats = copying.sections[section];
    assert.ok(floats.length > 0 && floats.every((value) => Object.is(value, 0)), section);
  }
});
