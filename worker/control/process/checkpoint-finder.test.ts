import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CheckpointError } from '../../checkpoint/checkpoint-error.js';
import { writeCheckpoint } from '../../checkpoint/write-checkpoint.js';
import { HostState } from '../../state/host-state.js';
import { CheckpointFinder, type CheckpointSearch } from './checkpoint-finder.js';

const identity = { jobDigest: 'a'.repeat(64), datasetDigest: 'b'.repeat(64) };
const layout = {
  entries: [{ name: 'logit_scale', shape: [], offset: 0, size: 1 }],
  length: 16,
  trainedLength: 16,
};

/** A folder with checkpoints of these steps, and a search in it. */
async function openFolder(context: TestContext, steps: readonly number[]) {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-finder-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const paths: string[] = [];
  for (const committedSteps of steps) {
    const state = HostState.zeros(layout);
    paths.push(await writeCheckpoint(folder, { committedSteps, ...identity }, state));
  }
  const notices: string[] = [];
  const search: CheckpointSearch = {
    location: folder,
    resume: null,
    expected: { jobDigest: identity.jobDigest, datasetDigest: null },
    recordedSteps: null,
    notice: (text) => notices.push(text),
  };
  return { paths, notices, search };
}

const damage = (path: string): void => truncateSync(join(path, 'model.safetensors'), 10);

// Would catch a run that goes on from bytes that nobody has checked, or stops at the first bad ones.
test('the newest that is whole is found; a damaged one is named and passed over', async (context) => {
  const { paths, notices, search } = await openFolder(context, [5, 9]);
  damage(paths[1] as string);
  const found = await new CheckpointFinder().find(search);
  assert.deepEqual(found, { path: paths[0], committedSteps: 5 });
  assert.equal(notices.length, 1);
  assert.match(notices[0] as string, /step-00000009/);
});

// Would catch a recovery that reads gigabytes again which were checked a moment ago.
test('what was checked once is not read again', async (context) => {
  const { paths, search } = await openFolder(context, [5]);
  const finder = new CheckpointFinder();
  await finder.find(search);
  damage(paths[0] as string);
  assert.deepEqual(await finder.find(search), { path: paths[0], committedSteps: 5 });
});

// Would catch a run that forgets its own steps for the checkpoint that it once began from, and the reverse.
test('the one to resume from counts until the run has trained, then its own', async (context) => {
  const { notices, paths, search } = await openFolder(context, [5, 9]);
  const finder = new CheckpointFinder();
  const resume = paths[0] as string;
  const begins = await finder.find({ ...search, resume });
  assert.equal(begins?.committedSteps, 5);
  const later = await finder.find({ ...search, resume, recordedSteps: 9 });
  assert.equal(later?.committedSteps, 9);
  // What lies beyond the log was trained unheard: going on from there would leave a hole in it.
  const heard = await finder.find({ ...search, resume, recordedSteps: 7 });
  assert.equal(heard?.committedSteps, 5);
  // Somebody will ask what became of it, and not ten times.
  await finder.find({ ...search, resume, recordedSteps: 7 });
  assert.equal(notices.length, 1);
  assert.match(notices[0] as string, /step-00000009 is not gone on from: .* holds 7: /);
  const none = { ...search, location: join(search.location, 'empty') };
  assert.equal(await finder.find({ ...none, resume: 'newest' }), null);
  const missing = join(search.location, 'step-00000077');
  await assert.rejects(finder.find({ ...search, resume: missing }), CheckpointError);
});
