import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { HostState } from '../state/host-state.js';
import type { StateLayout } from '../state/training-state.js';
import { readInitialWeights } from './read-initial-weights.js';
import { weightsDigest } from './weights-digest.js';
import { writeCheckpoint } from './write-checkpoint.js';

const layoutOf = (rows: number): StateLayout => ({
  entries: [
    { name: 'item.embed', shape: [rows, 2], offset: 0, size: 2 * rows },
    { name: 'logit_scale', shape: [], offset: 16, size: 1 },
  ],
  length: 32,
  trainedLength: 32,
});
const layout = layoutOf(3);
const owner = { jobDigest: 'a'.repeat(64), datasetDigest: 'b'.repeat(64) };

let run: string;
before(async () => {
  run = await mkdtemp(join(tmpdir(), 'lockstep-initial-'));
});
after(() => rm(run, { recursive: true }));

async function checkpoint(committedSteps: number): Promise<{ path: string; digest: string }> {
  const state = HostState.zeros(layout);
  for (const section of [state.parameters, state.firstMoments, state.secondMoments]) {
    for (const { offset, size } of layout.entries) {
      section.fill(committedSteps, offset, offset + size);
    }
  }
  const content = { committedSteps, ...owner };
  const path = await writeCheckpoint(join(run, 'checkpoints'), content, state);
  return { path, digest: await weightsDigest(state) };
}

// Would catch moments that come along, and the weights of another checkpoint than the one chosen.
test('the weights are found by their digest, and only they are read', async () => {
  const older = await checkpoint(10);
  await checkpoint(20);
  for (const from of [run, older.path]) {
    const state = HostState.zeros(layout);
    await readInitialWeights({ from, weightsSha256: older.digest }, state);
    assert.equal(await weightsDigest(state), older.digest);
    assert.deepEqual(new Set([...state.firstMoments, ...state.secondMoments]), new Set([0]));
  }
});

// Would catch weights that are put where they do not belong, and a word that names no tensor.
test('weights that do not fit are refused by the name of the tensor', async () => {
  const { digest } = await checkpoint(30);
  const state = HostState.zeros(layoutOf(4));
  await assert.rejects(
    readInitialWeights({ from: run, weightsSha256: digest }, state),
    /step-00000030.*"item\.embed".*\[3,2\].*\[4,2\]/,
  );
});

// Would catch a run that begins with the seed because its weights have been pruned away.
test('weights that are no longer there are missed aloud', async () => {
  const wanted = { from: run, weightsSha256: 'f'.repeat(64) };
  await assert.rejects(readInitialWeights(wanted, HostState.zeros(layout)), /has the weights ffff/);
});
