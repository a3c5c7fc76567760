import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openDataset } from '../dataset.js';
import type { FilterOptions } from './filters/filter-options.js';
import { importDataset } from './import-dataset.js';
import { temporaryFolder, writeInput } from './import-fixture.js';
import type { ImportOptions } from './import-options.js';

const items = 'item_id,title\na,A\nb,B\nc,C\nd,D\n';
const interactions = [
  'user_id,item_id,stars,timestamp',
  ...['low,a,1,1', 'u,a,5,1', 'u,b,4,2', 'u,a,3,3', 'u,c,4,4', 'v,a,5,1', 'v,b,2,2', 'v,c,4,3'],
  ...['w,d,5,1', 'w,c,5,2'],
].join('\n');

async function run(
  context: TestContext,
  filters: FilterOptions,
  more: Partial<ImportOptions> = {},
  rows = interactions,
) {
  const options = writeInput(temporaryFolder(context), items, rows);
  const columns = { rating: 'stars' };
  const report = await importDataset({ ...options, columns, filters, ...more });
  const dataset = await openDataset(report.directory);
  const sequences = Array.from({ length: dataset.users }, (_, user) => {
    const [start, end] = [dataset.sequenceOffsets[user]!, dataset.sequenceOffsets[user + 1]!];
    const own = dataset.sequenceItems.subarray(start, end);
    const ids = Array.from(own, (item) => dataset.itemIds.idOf(item)).join('');
    return `${dataset.userIds.idOf(user)} ${ids}`;
  });
  return { report, dataset, sequences };
}

test('interactions below the least rating are left out, and users and items with no others', async (context) => {
  const { sequences, report, dataset } = await run(context, { minimumRating: 4 });
  assert.deepEqual(sequences, ['u abc', 'v ac', 'w dc']);
  assert.equal(dataset.items, 4);
  const removed = { rows: 3, users: 1, items: 0 };
  assert.deepEqual(report.filters, [
    { filter: 'min-rating', options: { 'min-rating': 4 }, removed },
  ]);
  assert.deepEqual(dataset.manifest.options.filters, report.filters);
  assert.equal(report.manifest.report?.interactions.leftOut, 3);
});

test('all filters together: rating, then pairs that repeat, then users and items by turns', async (context) => {
  const { sequences, report, dataset } = await run(context, {
    minimumRating: 3,
    deduplicate: 'last',
    minimumUserInteractions: 2,
    minimumItemInteractions: 2,
  });
  // d is used once; w, left with one item, goes with it; b is then used by u alone, and goes too.
  assert.deepEqual(sequences, ['u ac', 'v ac']);
  assert.deepEqual(
    Array.from({ length: dataset.items }, (_, item) => dataset.itemIds.idOf(item)),
    ['a', 'c'],
  );
  assert.deepEqual(
    report.filters.map(({ filter, removed }) => [
      filter,
      removed.rows,
      removed.users,
      removed.items,
    ]),
    [
      ['min-rating', 2, 1, 0],
      ['deduplicate', 1, 0, 0],
      ['min-interactions', 3, 1, 2],
    ],
  );
});

test('the catalogue of all items keeps those that filters have left without use', async (context) => {
  const filters = { minimumItemInteractions: 2 };
  const { dataset, report } = await run(context, filters, { catalogue: 'all' });
  assert.deepEqual([dataset.items, report.unusedItems], [4, 1]);
});

test('filters that take nothing give the dataset of an import without any', async (context) => {
  const plain = await run(context, {});
  const filtered = await run(context, { minimumRating: 0, minimumUserInteractions: 1 });
  assert.equal(filtered.dataset.digest, plain.dataset.digest);
});

test('filters that leave nothing say what each of them took', async (context) => {
  await assert.rejects(run(context, { minimumRating: 4, minimumUserInteractions: 9 }), {
    code: 'NO_INTERACTIONS',
    message:
      /no interaction is left: --min-rating 4 removed 3 interactions, 1 users, 0 items, --min-user-interactions 9/,
  });
  await assert.rejects(run(context, { minimumRating: 6 }), {
    message: /no interaction is left: --min-rating 6 removed 10 interactions, 4 users, 4 items/,
  });
});

test('a rating that is no number is a bad row only where ratings are asked for', async (context) => {
  const rows = `${interactions}\nv,d,good,9\n`;
  const filters = { minimumRating: 1 };
  await assert.rejects(run(context, filters, {}, rows), {
    code: 'BAD_NUMBER',
    message: /line 12: the rating is "good": it should be a number .*--on-bad-row skip/,
  });
  const { report } = await run(context, filters, { onBadRow: 'skip' }, rows);
  assert.deepEqual(
    report.skipped.interactions.map(({ reason, rows: count }) => [reason, count]),
    [['BAD_NUMBER', 1]],
  );
  assert.equal((await run(context, {}, {}, rows)).dataset.users, 4);
});

test('a missing rating column names its option, and the columns that are there', async (context) => {
  await assert.rejects(run(context, { minimumRating: 1 }, { columns: {} }), {
    code: 'MISSING_COLUMN',
    message:
      /no column "rating": its columns are "user_id", "item_id", "stars", "timestamp": --rating-column should name/,
  });
});

test('impossible filters are refused before anything is read', async (context) => {
  for (const [filters, option] of [
    [{ minimumRating: Number.NaN }, /--min-rating/],
    [{ minimumUserInteractions: 0 }, /--min-user-interactions/],
    [{ minimumItemInteractions: 1.5 }, /--min-item-interactions/],
  ] as const) {
    await assert.rejects(run(context, filters), { code: 'BAD_OPTION', message: option });
  }
});
