import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Held } from '../held/held.js';
import type { TrainingContext } from '../stages/training-context.js';
import { RecentSteps } from './recent-steps.js';
import { Saving } from './saving.js';

// Catches: a roll-back that looks for a checkpoint which this member began to write when it was the one
// that writes them, and members that come by different weights.
test('what a former writer is writing is waited for', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'lockstep-saving-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const checkpointDirectory = join(folder, 'checkpoints');
  let written: (path: string) => void = () => undefined;
  const saving = new Saving({
    context: {
      start: { checkpointDirectory, job: { spec: { checkpoint: { keep: 2 } } } },
      digests: { jobDigest: 'a'.repeat(64), datasetDigest: 'b'.repeat(64) },
    } as unknown as TrainingContext,
    startWriter: () => ({
      ready: Promise.resolve(),
      write: () =>
        new Promise((resolve) => {
          written = resolve;
        }),
      close: async () => undefined,
    }),
    onFailed: assert.fail,
  });
  const held = {
    committedSteps: 4,
    checkpoint: null,
    recent: new RecentSteps(checkpointDirectory),
    current: {
      stage: { index: 0 },
      model: { layout: { entries: [], length: 0, trainedLength: 0 } },
      guard: { state: null },
      validation: { best: null },
    },
  } as unknown as Held;
  const told: string[] = [];
  await saving.open(held);
  await saving.start(held, ({ kind }) => told.push(kind));
  const retired = saving.retire();
  const settled = saving.settle().then(() => told.push('settled'));
  await new Promise(setImmediate);
  assert.deepEqual(told, []);
  written(join(checkpointDirectory, 'step-00000004'));
  await Promise.all([retired, settled]);
  assert.deepEqual(told, ['checkpointed', 'settled']);
  assert.equal(held.checkpoint?.committedSteps, 4);
});
