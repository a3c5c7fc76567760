import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { millis } from '../../shared/units.js';
import { HostState } from '../state/host-state.js';
import type { StateLayout } from '../state/training-state.js';
import { type CheckpointWriter, startCheckpointWriter } from './checkpoint-writer.js';
import { readCheckpoint } from './read-checkpoint.js';
import { PublicationPermit, permittedUntil, readings } from './store/publication-permit.js';

const size = 3_000_000;
const layout: StateLayout = {
  entries: [{ name: 'weight', shape: [size], offset: 0, size }],
  length: size,
  trainedLength: size,
};
const digests = { jobDigest: 'a'.repeat(64), datasetDigest: 'b'.repeat(64) };

function stateOf(value: number): HostState {
  const state = HostState.zeros(layout);
  state.parameters.fill(value);
  state.firstMoments.fill(-value);
  state.secondMoments.fill(value / 2);
  return state;
}

async function start(
  context: TestContext,
  publication?: SharedArrayBuffer,
): Promise<{ writer: CheckpointWriter; directory: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'lockstep-writer-'));
  const directory = join(folder, 'checkpoints');
  const writer = startCheckpointWriter(directory, layout, publication);
  context.after(async () => {
    await writer.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { writer, directory };
}

// Catches: hashing and writing vectors that the next step changes, so that a checkpoint is torn.
test('training may change the vectors as soon as writing has begun', async (context) => {
  const { writer, directory } = await start(context);
  const state = stateOf(2);
  await writer.ready;
  const writing = writer.write({ committedSteps: 2, ...digests }, state);
  for (const vector of [state.parameters, state.firstMoments]) vector.fill(7);
  const path = join(directory, 'step-00000002');
  assert.equal(await writing, path);
  const read = HostState.zeros(layout);
  await readCheckpoint(path, digests, read);
  const wanted = stateOf(2);
  assert.deepEqual(read.parameters, wanted.parameters);
  assert.deepEqual(read.firstMoments, wanted.firstMoments);
  assert.deepEqual(read.secondMoments, wanted.secondMoments);
});

// Catches: an answer that settles the wrong request, and memory of the checkpoint before.
test('one writer writes one checkpoint after the other', async (context) => {
  const { writer, directory } = await start(context);
  await writer.ready;
  for (const step of [3, 4]) {
    const path = join(directory, `step-0000000${step}`);
    assert.equal(await writer.write({ committedSteps: step, ...digests }, stateOf(step)), path);
    const read = HostState.zeros(layout);
    assert.equal((await readCheckpoint(path, digests, read)).committedSteps, step);
    assert.equal(read.parameters[size - 1], step);
  }
});

// Catches: a failure that stays on the thread, and one that comes without its code or its words.
test('what keeps a checkpoint from being written is told, and the next one is tried', async (context) => {
  const { writer, directory } = await start(context);
  await writer.ready;
  await writeFile(directory, 'in the way');
  await assert.rejects(writer.write({ committedSteps: 5, ...digests }, stateOf(5)), {
    name: 'CheckpointWriteError',
    code: 'STORAGE',
    message: /^Cannot write the checkpoint of step 5 to .*checkpoints.*: (EEXIST|ENOTDIR)/,
  });
  await rm(directory);
  await writer.write({ committedSteps: 6, ...digests }, stateOf(6));
  assert.deepEqual(await readdir(directory), ['step-00000006']);
});

// Catches: a process that stood still while others went on, and then puts its old weights above theirs;
// and a thread that treats this as a failure of the run, or that is never asked again.
test('a fenced process publishes nothing, leaves nothing behind and may be permitted again', async (context) => {
  const permit = new PublicationPermit();
  const { writer, directory } = await start(context, permit.shared);
  await writer.ready;
  permit.grant(permittedUntil(readings(), millis(60_000)));
  await writer.write({ committedSteps: 7, ...digests }, stateOf(7));
  permit.withdraw();
  assert.equal(await writer.write({ committedSteps: 8, ...digests }, stateOf(8)), null);
  assert.deepEqual(await readdir(directory), ['step-00000007']);
  permit.grant(permittedUntil(readings(), millis(60_000)));
  await writer.write({ committedSteps: 8, ...digests }, stateOf(8));
  assert.deepEqual(await readdir(directory), ['step-00000007', 'step-00000008']);
});
