import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { millis } from '../../../shared/units.js';
import type { CheckpointWriter } from '../../checkpoint/checkpoint-writer.js';
import { alwaysMayPublish } from '../../checkpoint/store/publication-permit.js';
import type { CheckpointIdentity } from '../../checkpoint/write-checkpoint.js';
import type { StateVectors } from '../../state/host-state.js';
import { firstGuardState } from '../guard/guard-state.js';
import { Checkpoints } from './checkpoints.js';

const digests = { jobDigest: 'a'.repeat(64), datasetDigest: 'b'.repeat(64) };
const none = new Float32Array();
const vectors: StateVectors = { parameters: none, firstMoments: none, secondMoments: none };

/** A writer whose writes end when the test says so. */
async function open(context: TestContext) {
  const directory = await mkdtemp(`${tmpdir()}/lockstep-checkpoints-`);
  context.after(() => rm(directory, { recursive: true, force: true }));
  const asked: { step: number; resolve: (path: string) => void; reject: (e: Error) => void }[] = [];
  const writer: CheckpointWriter = {
    ready: Promise.resolve(),
    write: ({ committedSteps: step }) =>
      new Promise((resolve, reject) => asked.push({ step, resolve, reject })),
    close: async () => undefined,
  };
  const told: string[] = [];
  const checkpoints = new Checkpoints({
    writer,
    location: directory,
    mayPublish: alwaysMayPublish,
    keep: 2,
    begun: { committedSteps: 0, ...digests },
    clock: { now: () => millis(0) },
    onFailed: (error) => told.push(`failed ${error.message}`),
  });
  const start = (identity: CheckpointIdentity): Promise<void> =>
    checkpoints.start(identity, vectors, (step, path) => told.push(`written ${step} ${path}`));
  return { asked, told, checkpoints, start, directory };
}

// Catches: a failure that is met when the next checkpoint is due, thousands of steps later.
test('a failed checkpoint is told when it fails, and again to whoever settles', async (context) => {
  const { asked, told, checkpoints, start } = await open(context);
  await start({ committedSteps: 10, ...digests });
  asked[0]?.reject(new Error('no room'));
  await new Promise(setImmediate);
  assert.deepEqual(told, ['failed no room']);
  await assert.rejects(checkpoints.settle(), /no room/);
});

// Catches: a copy over memory that the checkpoint before is still written from.
test('a checkpoint waits until the one before is written', async (context) => {
  const { asked, told, checkpoints, start } = await open(context);
  await start({ committedSteps: 10, ...digests });
  const next = start({ committedSteps: 20, ...digests });
  await new Promise(setImmediate);
  assert.deepEqual(
    asked.map(({ step }) => step),
    [10],
  );
  asked[0]?.resolve('/step-10');
  await next;
  assert.deepEqual(
    asked.map(({ step }) => step),
    [10, 20],
  );
  assert.deepEqual(told, ['written 10 /step-10']);
  asked[1]?.resolve('/step-20');
  await checkpoints.settle();
  assert.equal(told.at(-1), 'written 20 /step-20');
});

// Catches: the last healthy checkpoint, or the best one as it knew it, that goes before it is needed.
test('what a guard would roll back to stays, however old it is', async (context) => {
  const { asked, checkpoints, start, directory } = await open(context);
  const healthy = { committedSteps: 20, best: 10 };
  for (const at of [10, 20, 30, 40, 50, 60, 70]) {
    const candidate = at < 60 ? { committedSteps: 50, best: null } : null;
    const guard = { ...firstGuardState, healthy, candidate };
    const path = join(directory, `step-000000${at}`);
    await start({ committedSteps: at, ...digests, guard });
    await mkdir(path);
    asked.at(-1)?.resolve(path);
    await checkpoints.settle();
  }
  const left = (await readdir(directory)).map((name) => Number(name.slice('step-'.length)));
  // The two newest, and what they need; the candidate was none any more when they were written.
  assert.deepEqual(left, [10, 20, 60, 70]);
});
