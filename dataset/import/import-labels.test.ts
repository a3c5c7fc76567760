import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { unlabelled } from '../../shared/plan/plan-input.js';
import { openDataset } from '../dataset.js';
import { DatasetError } from '../dataset-error.js';
import { labelFileNames, readManifest } from '../dataset-manifest.js';
import { verifyDataset } from '../verification/verify-dataset.js';
import { importDataset } from './import-dataset.js';
import { temporaryFolder, writeInput } from './import-fixture.js';
import type { ImportOptions } from './import-options.js';

const items = 'item_id,title\na,A\nb,B\nc,C\n';
// Out of order in time, with a rating that is missing and a click of which nobody knows.
const interactions = [
  'user_id,item_id,stars,clicked,timestamp',
  ...['u,b,5,1,3', 'u,a,1,0,1', 'u,c,,true,2', 'v,c,4,False,2', 'v,a,3,,1', 'v,c,2,1,4'],
].join('\n');

async function labelled(context: TestContext, more: Partial<ImportOptions>, rows = interactions) {
  const options = writeInput(temporaryFolder(context), items, rows);
  const report = await importDataset({ ...options, ...more });
  const dataset = await openDataset(report.directory);
  const rowsOf = Array.from(dataset.sequenceItems, (item, at) => [
    dataset.itemIds.idOf(item),
    dataset.sequenceLabels?.[at],
  ]);
  return { report, dataset, rows: rowsOf };
}

const byStars = { label: { column: 'stars', atLeast: 4 } } as const;

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => assert.fail('it was accepted'),
    (caught: unknown) => caught,
  );
  assert.ok(error instanceof DatasetError, String(error));
  return `${error.code}: ${error.message}`;
}

// Catches a label that stays where its row was when interactions are put in the order of time, and a
// missing value that counts as unwanted.
test('labels follow their interactions, and what is missing is unlabelled', async (context) => {
  const { report, rows } = await labelled(context, byStars);
  assert.deepEqual(rows, [
    ['a', 0],
    ['c', unlabelled],
    ['b', 1],
    ['a', 0],
    ['c', 1],
    ['c', 0],
  ]);
  const counts = { wanted: 2, unwanted: 3, unlabelled: 1 };
  assert.deepEqual(report.manifest.labels, { column: 'stars', atLeast: 4, ...counts });
});

test('a column of clicks needs no threshold', async (context) => {
  const { rows } = await labelled(context, { label: { column: 'clicked', atLeast: null } });
  assert.deepEqual(
    rows.map(([, label]) => label),
    [0, 1, 1, unlabelled, 0, 1],
  );
});

// Catches filters that take interactions away and leave their labels to the next ones.
test('filters take labels away with their interactions', async (context) => {
  const filters = { deduplicate: 'last', minimumItemInteractions: 2 } as const;
  const { rows } = await labelled(context, { ...byStars, filters });
  assert.deepEqual(rows, [
    ['a', 0],
    ['c', unlabelled],
    ['a', 0],
    ['c', 0],
  ]);
});

test('what is no label is refused with its line, or left out and counted', async (context) => {
  const clicked = { label: { column: 'stars', atLeast: null } } as const;
  assert.match(
    await codeOf(labelled(context, clicked)),
    /BAD_LABEL: .*line 2: the label is "5": it should be 0, 1, true, false or nothing .*at-least/,
  );
  const { report, rows } = await labelled(context, { ...clicked, onBadRow: 'skip' });
  assert.deepEqual(
    report.skipped.interactions.map(({ reason, rows: count }) => [reason, count]),
    [['BAD_LABEL', 4]],
  );
  assert.equal(rows.length, 2);
  const words = { label: { column: 'clicked', atLeast: 1 } } as const;
  assert.match(
    await codeOf(labelled(context, words)),
    /the label is "true": it should be a number/,
  );
  assert.match(
    await codeOf(labelled(context, { label: { column: 'likes', atLeast: null } })),
    /MISSING_COLUMN: .*no column "likes".*--label should name one of them/,
  );
});

// Catches labels that change the digest of jobs that never read them, so that their runs could not go
// on; and other labels that pass for the same dataset where a job does read them.
test('the digest covers labels only for those who read them', async (context) => {
  const plain = await labelled(context, {});
  const four = await labelled(context, byStars);
  const two = await labelled(context, { label: { column: 'stars', atLeast: 2 } });
  assert.equal(plain.dataset.sequenceLabels, null);
  assert.equal(four.dataset.digest, plain.dataset.digest);
  const digests = await Promise.all(
    [four, two].map(
      async ({ report }) => (await openDataset(report.directory, { labels: true })).digest,
    ),
  );
  assert.equal(new Set([plain.dataset.digest, ...digests]).size, 3);
  assert.match(
    await codeOf(openDataset(plain.report.directory, { labels: true })),
    /NO_LABELS: .*objective.targets.kind data on the dataset .*out: it has no labels: .*--label/,
  );
});

// Catches a threshold that lies outside of the ratings, of which nobody hears before the loss is 0; and
// an empty column that is taken for labels.
test('labels that tell nothing apart are warned of, and an empty column is none', async (context) => {
  const all = await labelled(context, { label: { column: 'stars', atLeast: 9 } });
  const [warning] = (all.report.manifest.report?.warnings ?? []).slice(-1);
  assert.equal(warning?.code, 'ONE_CLASS');
  assert.match(warning?.message ?? '', /^all 5 labels say that the item was not wanted \(stars\)/);
  const blank = interactions.replaceAll(/,(true|False|0|1)?,(\d)$/gm, ',,$2');
  const empty = await labelled(context, { label: { column: 'clicked', atLeast: null } }, blank);
  assert.match(empty.report.manifest.report?.warnings.at(-1)?.message ?? '', /^no interaction has/);
  assert.match(await codeOf(openDataset(empty.report.directory, { labels: true })), /NO_LABELS/);
});

test('damaged labels are refused by name', async (context) => {
  const { report, dataset } = await labelled(context, byStars);
  const file = join(report.directory, labelFileNames.sequenceLabels);
  const good = dataset.sequenceLabels as Uint8Array;
  writeFileSync(
    file,
    good.map((label) => label ^ 1),
  );
  assert.match(await codeOf(openDataset(report.directory)), /sequence-labels.u8: its SHA-256/);
  assert.match(await codeOf(verifyDataset(report.directory)), /sequence-labels.u8: its SHA-256/);
  appendFileSync(file, 'x');
  assert.match(await codeOf(openDataset(report.directory)), /it has 7 bytes: it should have 6/);
  const manifest = join(report.directory, 'dataset.json');
  const { labels: _, ...without } = await readManifest(report.directory);
  writeFileSync(manifest, JSON.stringify(without));
  assert.match(await codeOf(openDataset(report.directory)), /labels should both be there/);
});
