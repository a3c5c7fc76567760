import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { projectRoot } from '../../shared/project-root.js';
import { type Dataset, openDataset } from '../dataset.js';
import { DatasetError } from '../dataset-error.js';
import { createItemTokenizer } from '../tokenizer/item-tokenizer.js';
import { importDataset } from './import-dataset.js';
import { goodInteractions, goodItems, temporaryFolder, writeInput } from './import-fixture.js';

/** Every user's items by their own ids. */
function sequencesOf(dataset: Dataset): Record<string, string[]> {
  return Object.fromEntries(
    Array.from({ length: dataset.users }, (_, user) => [
      dataset.userIds.idOf(user),
      Array.from(
        dataset.sequenceItems.subarray(
          dataset.sequenceOffsets[user]!,
          dataset.sequenceOffsets[user + 1]!,
        ),
        (item) => dataset.itemIds.idOf(item),
      ),
    ]),
  );
}

function textsOf(dataset: Dataset): string[] {
  const json = readFileSync(join(dataset.directory, 'tokenizer.json'), 'utf8');
  const { vocab } = JSON.parse(json).model as { vocab: Record<string, number> };
  const words = new Map(Object.entries(vocab).map(([word, id]) => [id, word]));
  return Array.from({ length: dataset.items }, (_, item) =>
    Array.from(
      dataset.itemTokens.subarray(
        dataset.itemTokenOffsets[item]!,
        dataset.itemTokenOffsets[item + 1]!,
      ),
      (token) => words.get(token),
    ).join(' '),
  );
}

test('CSV files become sequences in the order of time and texts as tokens', async (context) => {
  const report = await importDataset(writeInput(temporaryFolder(context)));
  const dataset = await openDataset(report.directory);
  assert.deepEqual(sequencesOf(dataset), { u1: ['b', 'c', 'a'], u2: ['b', 'a', 'c'] });
  assert.deepEqual(textsOf(dataset), [
    'title : toy story tag : film',
    'title : heat , the tag : crime',
    'title : alien',
  ]);
  assert.deepEqual([dataset.users, dataset.items, dataset.name], [2, 3, 'tiny']);
  assert.equal(dataset.itemIds.numberOf('b'), 1);
  assert.equal(dataset.itemIds.numberOf('x'), -1);
  assert.equal(dataset.userIds.numberOf('u2'), 1);
  assert.deepEqual(report.skipped, { items: [], interactions: [] });
});

test('atomic files of RecBole give the same dataset as CSV files', async (context) => {
  // Catches types that stay in names, and columns taken by position.
  const folder = temporaryFolder(context);
  const options = writeInput(folder);
  const csvDigest = (await importDataset(options)).manifest.digest;
  writeFileSync(
    join(folder, 'x.item'),
    'tag:token_seq\titem_id:token\ttitle:token_seq\nfilm\ta\tToy  Story\ncrime\tb\tHeat, The\n\tc\tAlien\n',
  );
  writeFileSync(
    join(folder, 'x.inter'),
    'user_id:token\trating:float\titem_id:token\ttimestamp:float\n' +
      'u1\t5\ta\t3.0\nu2\t5\tb\t1\nu1\t5\tb\t1\nu1\t5\tc\t2\nu2\t5\ta\t2\nu2\t5\tc\t3\n',
  );
  const { manifest } = await importDataset({
    ...options,
    format: 'recbole',
    items: join(folder, 'x.item'),
    interactions: join(folder, 'x.inter'),
    output: join(folder, 'atomic'),
    text: {
      fields: [
        { column: 'title', key: 'title' },
        { column: 'tag', key: 'tag' },
      ],
    },
  });
  assert.equal(manifest.digest, csvDigest);
});

test('the digest depends on the content alone', async (context) => {
  // Catches a name, a path or a time in the digest, and content that is left out of it.
  const digestOf = async (items: string, interactions: string, name: string): Promise<string> => {
    const options = writeInput(temporaryFolder(context), items, interactions);
    return (await importDataset({ ...options, name })).manifest.digest;
  };
  const digest = await digestOf(goodItems, goodInteractions, 'one');
  assert.equal(await digestOf(goodItems, goodInteractions, 'two'), digest);
  assert.equal(await digestOf(goodItems.replaceAll('\n', '\r\n'), goodInteractions, 'x'), digest);
  const changed = [
    digestOf(goodItems.replace('Alien', 'Aliens'), goodInteractions, 'one'),
    digestOf(goodItems, goodInteractions.replace('a,u1,3', 'a,u1,0'), 'one'),
    digestOf(goodItems, goodInteractions.replaceAll('u1', 'u3'), 'one'),
  ];
  for (const other of await Promise.all(changed)) assert.notEqual(other, digest);
});

test('items that nobody has used are left out, or kept where the whole catalogue is asked for', async (context) => {
  const options = writeInput(temporaryFolder(context), `${goodItems}d,Unused,x\n`);
  const { manifest, unusedItems } = await importDataset(options);
  assert.deepEqual([manifest.counts.items, unusedItems], [3, 1]);
  const output = `${options.output}-all`;
  const all = await importDataset({ ...options, output, catalogue: 'all' });
  assert.deepEqual([all.manifest.counts.items, all.unusedItems], [4, 1]);
  assert.equal((await openDataset(output)).itemIds.idOf(3), 'd');
});

test('a long text is cut to the maximum and counted', async (context) => {
  const options = writeInput(temporaryFolder(context));
  const { cutTexts } = await importDataset({ ...options, text: { maximumTokens: 4 } });
  assert.equal(cutTexts, 2);
  assert.deepEqual(textsOf(await openDataset(options.output)), [
    'title : toy story',
    'title : heat ,',
    'title : alien',
  ]);
});

test("a pretrained tokenizer is used as it is, with HLLM's prompt and composition", async (context) => {
  const folder = temporaryFolder(context);
  const options = writeInput(folder);
  const golden = JSON.parse(
    readFileSync(new URL('dataset/tokenizer/golden/byte-level.json', projectRoot), 'utf8'),
  );
  const json = JSON.stringify(golden.tokenizer);
  writeFileSync(join(folder, 'tokenizer.json'), json);
  await importDataset({
    ...options,
    tokenizer: { kind: 'pretrained', path: folder },
    text: { maximumTokens: 8192 },
  });
  const dataset = await openDataset(options.output);
  assert.equal(readFileSync(join(options.output, 'tokenizer.json'), 'utf8'), json);
  const expected = createItemTokenizer({ json, config: '{}' }, 'expected').encode(
    'Compress the following sentence into embedding: title: Toy Storytag: film',
  );
  assert.deepEqual([...dataset.itemTokens.subarray(0, dataset.itemTokenOffsets[1])], expected);
  // The start token that the model knows is part of the text, as in HLLM.
  assert.equal(dataset.itemTokens[0], 0);
});

const badItems: readonly (readonly [string, string | Uint8Array, string, number | null])[] = [
  ['an empty file', '', 'EMPTY_FILE', null],
  ['a header alone', 'item_id,title\n', 'EMPTY_FILE', null],
  ['no id column', 'id,title\na,x\n', 'MISSING_COLUMN', 1],
  ['no text column', 'item_id\na\n', 'MISSING_COLUMN', 1],
  ['a column twice', 'item_id,title,title\na,x,y\n', 'BAD_HEADER', 1],
  ['too few fields', `${goodItems}d\n`, 'FIELD_COUNT', 5],
  ['too many fields', `${goodItems}d,x,y,z\n`, 'FIELD_COUNT', 5],
  ['an item twice', `${goodItems}a,again,x\n`, 'DUPLICATE_ITEM', 5],
  ['an item without text', `${goodItems}d,,  \n`, 'EMPTY_TEXT', 5],
  ['an empty id', `${goodItems},x,y\n`, 'EMPTY_ID', 5],
  ['a quote that never closes', `${goodItems}"d,x,y\n`, 'BAD_QUOTES', 5],
  ['text after a quote', `${goodItems}"d"d,x,y\n`, 'BAD_QUOTES', 5],
  ['damaged UTF-8 in a text', latin1(`${goodItems}d,caf\xe9,y\n`), 'BAD_UTF8', 5],
  ['damaged UTF-8 in an id', latin1(`${goodItems}\xe9,cafe,y\n`), 'BAD_UTF8', 5],
  ['lines counted inside quotes', `${goodItems}d,"x\ny\r\nz",t\ne,,\n`, 'EMPTY_TEXT', 8],
];

const badInteractions: typeof badItems = [
  ['an empty file', '', 'EMPTY_FILE', null],
  ['a header alone', 'item_id,user_id,timestamp\n', 'NO_INTERACTIONS', null],
  ['no time column', 'item_id,user_id\na,u\n', 'MISSING_COLUMN', 1],
  ['too few fields', `${goodInteractions}a,u1\n`, 'FIELD_COUNT', 8],
  ['a time that is no number', `${goodInteractions}a,u1,now\n`, 'BAD_TIME', 8],
  ['an empty time', `${goodInteractions}a,u1,\n`, 'BAD_TIME', 8],
  ['an item without a row of its own', `${goodInteractions}x,u1,1\n`, 'UNKNOWN_ITEM', 8],
  ['an empty user', `${goodInteractions}a,,1\n`, 'EMPTY_ID', 8],
  ['an empty item', `${goodInteractions},u1,1\n`, 'EMPTY_ID', 8],
  ['a stray quote', `${goodInteractions}a,u"1,1\n`, 'BAD_QUOTES', 8],
  ['damaged UTF-8', latin1(`${goodInteractions}a,\xff,1\n`), 'BAD_UTF8', 8],
  ['a blank line before it', `${goodInteractions}\na,u1,x\n`, 'BAD_TIME', 9],
];

function latin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

for (const [role, cases] of [
  ['items', badItems],
  ['interactions', badInteractions],
] as const) {
  for (const [name, contents, code, line] of cases) {
    test(`${role}: ${name} ends the import with file and line, and leaves nothing`, async (context) => {
      const folder = temporaryFolder(context);
      const options =
        role === 'items' ? writeInput(folder, contents) : writeInput(folder, goodItems, contents);
      await assert.rejects(importDataset(options), (error) => {
        assert.ok(error instanceof DatasetError);
        assert.deepEqual([error.code, error.file, error.line], [code, options[role], line]);
        assert.ok(error.message.includes(options[role]));
        if (line !== null && line > 1) assert.ok(error.message.includes(`line ${line}`));
        return true;
      });
      assert.deepEqual(readdirSync(folder).sort(), ['inter.csv', 'items.csv']);
    });
  }
}

test('where asked, bad rows are left out, counted by reason, and the rest is as without them', async (context) => {
  // Catches rows that the second pass takes and the first has not, and reasons that are mixed up.
  const dirty = (good: string, rows: readonly string[]): Uint8Array => {
    const [header, ...lines] = good.trimEnd().split('\n');
    return latin1(`${[header, ...rows, ...lines, ...rows].join('\n')}\n`);
  };
  const clean = await importDataset(writeInput(temporaryFolder(context)));
  const options = writeInput(
    temporaryFolder(context),
    dirty(goodItems, ['x,y', 'd,,', 'e,caf\xe9,', ',n,t', 'f,"x"x,y']),
    dirty(goodInteractions, ['a,u1', 'zz,u1,1', 'a,u9,never', 'a,,1', 'a,\xff,1']),
  );
  const report = await importDataset({ ...options, onBadRow: 'skip' });
  assert.equal(report.manifest.digest, clean.manifest.digest);
  const found = (file: 'items' | 'interactions') =>
    report.skipped[file].map(({ reason, rows, first }) => [
      reason,
      rows,
      /, line (\d+): /.exec(first)?.[1],
    ]);
  assert.deepEqual(found('items'), [
    ['BAD_QUOTES', 2, '6'],
    ['BAD_UTF8', 2, '4'],
    ['EMPTY_ID', 2, '5'],
    ['EMPTY_TEXT', 2, '3'],
    ['FIELD_COUNT', 2, '2'],
  ]);
  assert.deepEqual(found('interactions'), [
    ['BAD_TIME', 2, '4'],
    ['BAD_UTF8', 2, '6'],
    ['EMPTY_ID', 2, '5'],
    ['FIELD_COUNT', 2, '2'],
    ['UNKNOWN_ITEM', 2, '3'],
  ]);
  const [, , , fieldCount] = report.skipped.interactions;
  assert.match(fieldCount!.first, /line 2: the row has 2 fields: it should have 3$/);
});

test('of an item that is there twice, the first row counts where bad rows are skipped', async (context) => {
  const options = writeInput(temporaryFolder(context), `${goodItems}a,Other,x\n`);
  const report = await importDataset({ ...options, onBadRow: 'skip' });
  assert.deepEqual(
    report.skipped.items.map(({ reason, rows }) => [reason, rows]),
    [['DUPLICATE_ITEM', 1]],
  );
  assert.equal(textsOf(await openDataset(options.output))[0], 'title : toy story tag : film');
});

test('a message says what to do about it', async (context) => {
  // Catches a message that leaves people alone with what is wrong.
  const bad: readonly (readonly [
    items: string | Uint8Array,
    interactions: string,
    rule: RegExp,
  ])[] = [
    [latin1('item_id,title\na,caf\xe9\n'), goodInteractions, /iconv -f WINDOWS-1252/],
    ['1,Toy Story,film\n2,Heat,crime\n', goodInteractions, /first line is a row already, --inter/],
    [
      'item,title\na,x\n',
      goodInteractions,
      /columns are "item", "title": --id-column should name one of them$/,
    ],
    [goodItems, goodInteractions.replace('user_id', 'user'), /--user-column should name/],
    [goodItems, goodInteractions.replace('timestamp', 'date'), /--time-column should name/],
    [goodItems, `${goodInteractions}x,u1,1\n`, /"x": .*--on-bad-row skip\)$/],
    [goodItems, `${goodInteractions}a,u1,24.12.2020\n`, /a date of ISO 8601 such as 2024-12-31/],
    [
      goodItems,
      `${goodInteractions}a,u1,2020-12-24\n`,
      /should be a number, as in the rows before/,
    ],
  ];
  for (const [items, interactions, rule] of bad) {
    const options = writeInput(temporaryFolder(context), items, interactions);
    await assert.rejects(importDataset({ ...options, format: 'auto' }), { message: rule });
  }
});

test('an existing folder is never overwritten', async (context) => {
  const options = writeInput(temporaryFolder(context));
  await importDataset(options);
  const before = readFileSync(join(options.output, 'dataset.json'), 'utf8');
  await assert.rejects(importDataset(options), { code: 'OUTPUT_EXISTS' });
  assert.equal(readFileSync(join(options.output, 'dataset.json'), 'utf8'), before);
});

test('a file that is not there is named', async (context) => {
  const options = writeInput(temporaryFolder(context));
  const interactions = `${options.interactions}.missing`;
  await assert.rejects(importDataset({ ...options, interactions }), {
    code: 'UNREADABLE_FILE',
    file: interactions,
    message: /there is no such file$/,
  });
});

test('an atomic header without a type is refused with what is allowed', async (context) => {
  const options = writeInput(temporaryFolder(context), 'item_id:token\ttitle\n1\tx\n');
  await assert.rejects(importDataset({ ...options, format: 'recbole' }), (error) => {
    assert.ok(error instanceof DatasetError && error.code === 'BAD_HEADER');
    assert.match(error.message, /"title": it should be name:type/);
    return true;
  });
});

test('any rows give each user exactly the own rows, sorted by time and then by the file', async (context) => {
  // Catches rows that wander between users, are lost, or are doubled, over the whole import.
  const rows = fc.array(
    fc.record({
      item: fc.constantFrom('a', 'b', 'c'),
      user: fc.constantFrom('1', '02', 'ü', 'x y', '"q"'),
      time: fc.oneof(fc.nat(5), fc.constantFrom(-1.5, 1e12)),
    }),
    { minLength: 1, maxLength: 40 },
  );
  const folder = temporaryFolder(context);
  let run = 0;
  await fc.assert(
    fc.asyncProperty(rows, async (all) => {
      const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
      const lines = all.map(({ item, user, time }) => `${item},${quoted(user)},${time}`);
      const options = writeInput(
        folder,
        goodItems,
        ['item_id,user_id,timestamp', ...lines].join('\n'),
      );
      const output = join(folder, `out-${run++}`);
      await importDataset({ ...options, output });
      const expected = group(all);
      assert.deepEqual(sequencesOf(await openDataset(output)), expected);
    }),
    { numRuns: 40 },
  );
});

function group(
  rows: readonly { item: string; user: string; time: number }[],
): Record<string, string[]> {
  const byUser = new Map<string, { item: string; time: number }[]>();
  for (const row of rows) byUser.set(row.user, [...(byUser.get(row.user) ?? []), row]);
  return Object.fromEntries(
    [...byUser].map(([user, own]) => [
      user,
      own.toSorted((a, b) => a.time - b.time).map(({ item }) => item),
    ]),
  );
}
