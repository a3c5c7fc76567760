import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openDataset } from './dataset.js';
import { type DatasetManifest, textFileNames } from './dataset-manifest.js';
import { importDataset } from './import/import-dataset.js';
import { goodInteractions, temporaryFolder, writeInput } from './import/import-fixture.js';
import type { ImportOptions } from './import/import-options.js';
import { openItemTexts } from './item-texts.js';
import { limits } from './limits.js';

async function open(context: TestContext, items?: string, more: Partial<ImportOptions> = {}) {
  const options = { ...writeInput(temporaryFolder(context), items, goodInteractions), ...more };
  const report = await importDataset(options);
  const dataset = await openDataset(report.directory);
  return { report, dataset, texts: await openItemTexts(dataset) };
}

test('an item can be named and described by its number in the dataset', async (context) => {
  // Catches texts that are numbered as in the file, where items that nobody used have numbers too.
  const { dataset, texts } = await open(
    context,
    'item_id,genre,title\nz,unused,Nothing\nb,crime,"Heat, The"\na,film,Toy Story ü\nc,,Alien\n',
  );
  const described = Array.from({ length: dataset.items }, (_, item) => [
    dataset.itemIds.idOf(item),
    texts?.title(item),
    texts?.text(item),
  ]);
  assert.deepEqual(described, [
    ['b', 'Heat, The', 'genre: crime\ntitle: Heat, The'],
    ['a', 'Toy Story ü', 'genre: film\ntitle: Toy Story ü'],
    ['c', 'Alien', 'title: Alien'],
  ]);
  assert.throws(() => texts?.title(3), RangeError);
});

test('the title is the column that looks like it, or the one that is named', async (context) => {
  const items = 'item_id,about,product_name\na,x,A\nb,y,B\nc,z,C\n';
  const titleOf = async (more: Partial<ImportOptions>) =>
    (await open(context, items, more)).texts?.title(0);
  assert.equal(await titleOf({}), 'A');
  assert.equal(await titleOf({ columns: { title: 'about' } }), 'x');
  assert.equal(await titleOf({ text: { fields: [{ column: 'about', key: 'k' }] } }), 'x');
  // It need not be part of what the model reads.
  const fields = [{ column: 'about', key: 'k' }];
  assert.equal(await titleOf({ text: { fields }, columns: { title: 'product_name' } }), 'A');
});

test('texts are kept up to their limit, and never half a character', async (context) => {
  const long = 'ü'.repeat(limits.textBytes);
  const { texts } = await open(context, `item_id,title\na,x${long}\nb,B\nc,C\n`);
  assert.equal(texts?.title(0), `x${'ü'.repeat((limits.titleBytes - 2) / 2)}`);
  assert.ok(Buffer.byteLength(texts?.text(0) ?? '') <= limits.textBytes);
  assert.equal(texts?.text(1), 'title: B');
});

test('the digest does not cover what is kept for people', async (context) => {
  const titleAs = async (title: string) =>
    (await open(context, undefined, { columns: { title } })).report.manifest.digest;
  assert.equal(await titleAs('title'), await titleAs('tag'));
});

test('a dataset of an older import has none, and damaged texts are named', async (context) => {
  const { dataset, report } = await open(context);
  const file = join(report.directory, 'dataset.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as DatasetManifest;
  const names: readonly string[] = Object.values(textFileNames);
  const files = manifest.files.filter(({ name }) => !names.includes(name));
  const { directory } = dataset;
  assert.equal(await openItemTexts({ directory, manifest: { ...manifest, files } }), null);
  const titles = join(directory, textFileNames.itemTitles);
  const bytes = readFileSync(titles);
  bytes[0] = bytes[0]! ^ 1;
  writeFileSync(titles, bytes);
  await assert.rejects(openItemTexts(dataset), { code: 'DAMAGED_DATASET', file: titles });
});
