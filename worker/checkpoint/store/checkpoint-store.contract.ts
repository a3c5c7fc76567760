/** What every store keeps to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostState } from '../../state/host-state.js';
import type { StateLayout } from '../../state/training-state.js';
import { newestCheckpoint, newestFirst } from '../newest-checkpoint.js';
import { pruneCheckpoints } from '../prune-checkpoints.js';
import { readCheckpoint } from '../read-checkpoint.js';
import { setAsideCheckpoints } from '../set-aside-checkpoints.js';
import { verifyCheckpoint } from '../verify-checkpoint.js';
import { writeCheckpoint } from '../write-checkpoint.js';
import { checkpointPath, openCheckpointStore } from './open-checkpoint-store.js';
import { FencedError } from './publication-permit.js';

/** What a test needs of a store besides what the program does with it. */
export interface StoreUnderTest {
  /** A location that nobody has used. */
  fresh(): Promise<string>;
  /** Everything that is there, whoever can see it: names, in no order. */
  everything(location: string): Promise<readonly string[]>;
  /** Makes a file of a checkpoint shorter. */
  truncate(path: string, file: 'model.safetensors' | 'manifest.json'): Promise<void>;
}

const digests = { jobDigest: 'a'.repeat(64), datasetDigest: 'b'.repeat(64) };
const layout: StateLayout = {
  entries: [
    { name: 'weight', shape: [3, 2], offset: 0, size: 6 },
    { name: 'bias', shape: [2], offset: 16, size: 2 },
  ],
  length: 18,
  trainedLength: 18,
};

function stateOf(value: number): HostState {
  const state = HostState.zeros(layout);
  for (const { offset, size } of layout.entries) {
    state.parameters.fill(value, offset, offset + size);
    state.firstMoments.fill(-value, offset, offset + size);
  }
  return state;
}

const write = (location: string, committedSteps: number, value = committedSteps) =>
  writeCheckpoint(location, { committedSteps, ...digests }, stateOf(value));

async function weightAt(path: string): Promise<number> {
  const state = HostState.zeros(layout);
  await readCheckpoint(path, digests, state);
  assert.deepEqual(state, stateOf(state.parameters[0] as number));
  return state.parameters[0] as number;
}

export function checkpointStoreContract(name: string, store: () => StoreUnderTest): void {
  const stepsAt = (location: string) => openCheckpointStore(location).steps();

  // Catches: a store that finds others than were written, or in another order, or fails where none are.
  test(`${name}: what is written is found, the newest first, and read back`, async () => {
    const location = await store().fresh();
    assert.deepEqual(await stepsAt(location), []);
    for (const steps of [20, 100_000_000, 99_999_999]) {
      assert.equal(await write(location, steps), checkpointPath(location, steps));
    }
    assert.deepEqual(await stepsAt(location), [20, 99_999_999, 100_000_000]);
    const paths = [100_000_000, 99_999_999, 20].map((steps) => checkpointPath(location, steps));
    assert.deepEqual(await newestFirst(location), paths);
    assert.equal(await weightAt(checkpointPath(location, 20)), 20);
    await verifyCheckpoint(checkpointPath(location, 20), digests);
    const { found } = await newestCheckpoint(location, digests);
    assert.equal(found?.committedSteps, 100_000_000);
  });

  // Catches: a checkpoint that is found before all of it is there, and what is left of one given up.
  test(`${name}: nothing is seen before it is published, nor left when it is not`, async () => {
    const location = await store().fresh();
    const draft = await openCheckpointStore(location).begin(5);
    await draft.write('model.safetensors', [new Uint8Array(100)]);
    assert.deepEqual(await stepsAt(location), []);
    await draft.discard();
    assert.deepEqual(await store().everything(location), []);
  });

  // Catches: files of two attempts under one manifest, and those of the replaced one that stay for ever.
  test(`${name}: one of the same step is replaced as a whole`, async () => {
    const location = await store().fresh();
    await write(location, 5, 1);
    const before = await store().everything(location);
    const path = await write(location, 5, 2);
    assert.equal(await weightAt(path), 2);
    assert.equal((await store().everything(location)).length, before.length);
    // Damaged, as a resume has found it.
    await store().truncate(path, 'manifest.json');
    await write(location, 5, 3);
    assert.equal(await weightAt(path), 3);
  });

  // Catches: two members that both take themselves for the writer, and a checkpoint of both or of none.
  test(`${name}: of two that write one step at once, one whole checkpoint is left`, async () => {
    const location = await store().fresh();
    await Promise.all([write(location, 5, 1), write(location, 5, 2)]);
    assert.ok([1, 2].includes(await weightAt(checkpointPath(location, 5))));
  });

  // Catches: a process that stood still and then publishes or removes what is no longer its own.
  test(`${name}: a fenced writer changes nothing`, async () => {
    const location = await store().fresh();
    await write(location, 5, 1);
    const before = await store().everything(location);
    for (const committedSteps of [5, 6]) {
      const identity = { committedSteps, ...digests };
      const writing = writeCheckpoint(location, identity, stateOf(2), () => false);
      await assert.rejects(writing, FencedError);
    }
    const retention = { keep: 0, upTo: 9, besides: [] };
    assert.deepEqual(await pruneCheckpoints(location, retention, () => false), []);
    assert.deepEqual([...(await store().everything(location))].sort(), [...before].sort());
    assert.equal(await weightAt(checkpointPath(location, 5)), 1);
  });

  // Catches: a permit that ends while old checkpoints are removed one after the other.
  test(`${name}: pruning keeps the newest and what is needed, and asks before each removal`, async () => {
    const location = await store().fresh();
    for (const steps of [10, 20, 30, 40, 50]) await write(location, steps);
    const before = await store().everything(location);
    let asked = 0;
    const removed = await pruneCheckpoints(
      location,
      { keep: 1, upTo: 40, besides: [20] },
      // Before the sweep, and before the first removal.
      () => ++asked <= 2,
    );
    assert.deepEqual(removed, [10]);
    await pruneCheckpoints(location, { keep: 1, upTo: 40, besides: [20] });
    assert.deepEqual(await stepsAt(location), [20, 40, 50]);
    assert.equal((await store().everything(location)).length, (before.length / 5) * 3);
  });

  // Catches: a resume from weights that a roll-back has given up, and one that was set aside and lost its
  // files to a later one of its step.
  test(`${name}: what is set aside is kept, out of sight, until the next of its step is`, async () => {
    const location = await store().fresh();
    for (const steps of [10, 20, 30]) await write(location, steps);
    const before = await store().everything(location);
    assert.deepEqual(await setAsideCheckpoints(location, 10), [20, 30]);
    assert.deepEqual(await stepsAt(location), [10]);
    assert.equal((await store().everything(location)).length >= before.length, true);
    const path = await write(location, 20, 2);
    assert.equal(await weightAt(path), 2);
    await setAsideCheckpoints(location, 10);
    await write(location, 20, 3);
    await pruneCheckpoints(location, { keep: 1, upTo: 20, besides: [] });
    assert.equal(await weightAt(path), 3);
    assert.deepEqual(await stepsAt(location), [20]);
  });

  // Catches: a run that is lost to one damaged checkpoint.
  test(`${name}: a damaged one is refused by name, and the one before it is found`, async () => {
    for (const file of ['model.safetensors', 'manifest.json'] as const) {
      const location = await store().fresh();
      await write(location, 10);
      await store().truncate(await write(location, 20), file);
      const { found, refused } = await newestCheckpoint(location, digests);
      assert.deepEqual(found, { path: checkpointPath(location, 10), committedSteps: 10 });
      assert.deepEqual(
        refused.map((error) => error.path),
        [checkpointPath(location, 20)],
      );
    }
  });

  // Catches: a text that counts as a checkpoint, or that is appended to.
  test(`${name}: a text beside the checkpoints is replaced as a whole`, async () => {
    const location = await store().fresh();
    const opened = openCheckpointStore(location);
    assert.equal(await opened.readText('recent-steps.jsonl'), null);
    for (const text of ['{"a":1}\n{"b":2}\n', '{}\n']) {
      await opened.writeText('the last steps', 'recent-steps.jsonl', text);
      assert.equal(await opened.readText('recent-steps.jsonl'), text);
    }
    assert.deepEqual(await opened.steps(), []);
    await opened.prepare(1);
  });
}
