import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileNames } from '../../dataset/dataset-manifest.js';
import { importDataset } from '../../dataset/import/import-dataset.js';
import { temporaryFolder, writeInput } from '../../dataset/import/import-fixture.js';
import type { Bus } from '../../shared/bus.js';
import { findContent } from './content-source.js';
import { datasetDigest } from './dataset-digest.js';

async function open(context: TestContext) {
  const { directory, manifest } = await importDataset(writeInput(temporaryFolder(context)));
  const cacheDirectory = temporaryFolder(context);
  const find = (from: string) =>
    findContent(
      {
        bus: null as unknown as Bus,
        run: null as never,
        cacheDirectory,
        digestOf: datasetDigest,
        requestFiles: () => Promise.reject(new Error('the files were asked for')),
      },
      { directory: from, digest: manifest.digest },
    );
  return { directory, digest: manifest.digest, cacheDirectory, find };
}

/** Another item's text in a dataset whose manifest stays as it is. */
function damage(directory: string): string {
  const file = join(directory, fileNames.itemTokens);
  const tokens = readFileSync(file);
  tokens.swap32();
  writeFileSync(file, tokens);
  return file;
}

// Catches: a worker that trains on other data than the coordinator planned, and does not know it.
test('a dataset whose bytes changed after it was written is refused by the file', async (context) => {
  const { directory, find } = await open(context);
  assert.equal(await find(directory), directory);
  const file = damage(directory);
  await assert.rejects(find(directory), {
    name: 'DatasetError',
    code: 'DAMAGED_DATASET',
    file,
    message: /item-tokens\.i32: its SHA-256 is .*: dataset\.json says/,
  });
});

// Catches: a copy that a worker once fetched, trusted for ever; and a worker that ends because of it.
test('a damaged copy in the cache is fetched again', async (context) => {
  const { directory, digest, cacheDirectory, find } = await open(context);
  const copy = join(cacheDirectory, digest.slice(0, 32));
  mkdirSync(cacheDirectory, { recursive: true });
  cpSync(directory, copy, { recursive: true });
  assert.equal(basename(await find('/nowhere')), basename(copy));
  damage(copy);
  await assert.rejects(find('/nowhere'), /the files were asked for/);
});
