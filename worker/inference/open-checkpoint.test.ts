import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CheckpointError } from '../checkpoint/checkpoint-error.js';
import type { CheckpointManifest } from '../checkpoint/checkpoint-folder.js';
import { writeCheckpoint } from '../checkpoint/write-checkpoint.js';
import type { BestSoFar } from '../evaluation/best-so-far.js';
import { HostState } from '../state/host-state.js';
import { type CheckpointWish, openCheckpoint } from './open-checkpoint.js';

const root = mkdtempSync(join(tmpdir(), 'lockstep-open-'));
after(() => rmSync(root, { recursive: true, force: true }));

const layout = {
  entries: [{ name: 'weight', shape: [2], offset: 0, size: 2 }],
  trainedLength: 16,
  length: 16,
};
const digests = { jobDigest: 'a'.repeat(64), datasetDigest: 'b'.repeat(64) };
const best: BestSoFar = {
  metric: 'ndcg@10',
  repeats: 'allow',
  value: 0.5,
  committedSteps: 1,
  evaluationsSince: 2,
};

before(async () => {
  for (const committedSteps of [1, 2, 3]) {
    const identity = { committedSteps, ...digests, ...(committedSteps > 1 && { best }) };
    await writeCheckpoint(root, identity, HostState.zeros(layout));
  }
});

const notes: string[] = [];
const open = (
  wish: CheckpointWish,
  use: (manifest: CheckpointManifest) => number = ({ committedSteps }) => committedSteps,
  expected = digests,
): Promise<number> =>
  openCheckpoint(
    root,
    wish,
    expected,
    async (_, manifest) => use(manifest),
    (text) => notes.push(text),
  );

// Would catch the newest weights under the name of the best ones, which overfit.
test('the newest, the best and one by its path', async () => {
  assert.equal(await open({ kind: 'newest' }), 3);
  assert.equal(await open({ kind: 'best' }), 1);
  assert.equal(await open({ kind: 'one', path: join(root, 'step-00000002') }), 2);
});

// Would catch a run that cannot be asked because its newest checkpoint is damaged, and weights of another
// job or dataset that answer all the same.
test('a damaged one is passed over with a word where the newest is wanted, and nowhere else', async () => {
  const damaged = ({ committedSteps }: CheckpointManifest): number => {
    if (committedSteps === 3) throw new CheckpointError('step 3', 'it is damaged');
    return committedSteps;
  };
  assert.equal(await open({ kind: 'newest' }, damaged), 2);
  assert.deepEqual(notes.splice(0), ['Cannot use the checkpoint step 3: it is damaged']);
  const one: CheckpointWish = { kind: 'one', path: join(root, 'step-00000003') };
  await assert.rejects(open(one, damaged), CheckpointError);
  const other = { ...digests, datasetDigest: 'c'.repeat(64) };
  await assert.rejects(
    open({ kind: 'newest' }, undefined, other),
    /none in this folder can be used/,
  );
  assert.equal(notes.splice(0).length, 3);
});

// Would catch a defect of the program that passes for a damaged checkpoint.
test('another error is not passed over', async () => {
  const defect = (): number => {
    throw new TypeError('a defect');
  };
  await assert.rejects(open({ kind: 'newest' }, defect), TypeError);
});
