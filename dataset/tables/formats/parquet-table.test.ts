import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { DatasetError } from '../../dataset-error.js';
import { InputFile } from './input-file.js';
import { pyarrowFile } from './parquet-fixture.js';
import { readParquet } from './parquet-table.js';

interface Read {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly places: readonly string[];
}

function fileOf(context: TestContext): (bytes: Uint8Array) => string {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-parquet-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return (bytes) => {
    const path = join(folder, 'x.parquet');
    writeFileSync(path, bytes);
    return path;
  };
}

/** @param wanted null: all columns */
async function read(path: string, wanted: readonly number[] | null = null): Promise<Read> {
  const file = await InputFile.open(path);
  let columns: readonly string[] = [];
  const rows: string[][] = [];
  const places: string[] = [];
  try {
    await readParquet(file, {
      header: (header) => {
        columns = header.columns.map(({ name }) => name);
        return wanted ?? columns.map((_, index) => index);
      },
      row: (record) => {
        places.push(`${record.unit} ${record.line}`);
        rows.push(
          Array.from({ length: record.fieldCount }, (_, field) =>
            Buffer.from(record.bytes.subarray(record.start(field), record.end(field))).toString(),
          ),
        );
      },
    });
  } finally {
    await file.close();
  }
  return { columns, rows, places };
}

test('a file of pyarrow is read: dictionaries, times, lists, nulls, row groups', async (context) => {
  const { columns, rows, places } = await read(fileOf(context)(pyarrowFile));
  assert.deepEqual(columns, ['user_id', 'item_id', 'seen', 'day', 'tags', 'score', 'more']);
  assert.deepEqual(rows, [
    [
      'u1',
      '76561197970982479',
      '2017-07-14T02:40:00.123456789Z',
      '1969-12-31',
      'a, b',
      '1.5',
      '{"k":"1"}',
    ],
    ['ü2', '2', '2017-07-14T02:40:00.123456788Z', '2024-02-29', '', '', '{"k":"2"}'],
    ['', '3', '', '', '', '', ''],
  ]);
  assert.deepEqual(places, ['row 1', 'row 2', 'row 3']);
});

test('columns that nobody looks at stay empty', async (context) => {
  const { rows } = await read(fileOf(context)(pyarrowFile), [1, 4]);
  assert.deepEqual(rows[0], ['', '76561197970982479', '', '', 'a, b', '', '']);
});

const columnData = (rows: number): ColumnSource[] => [
  { name: 'user', data: Array.from({ length: rows }, (_, i) => `u${i % 7}`), type: 'STRING' },
  { name: 'n', data: Array.from({ length: rows }, (_, i) => BigInt(i) ** 3n), type: 'INT64' },
  { name: 'at', data: Array.from({ length: rows }, (_, i) => new Date(i)), type: 'TIMESTAMP' },
];

for (const [codec, compressors] of [
  ['UNCOMPRESSED', {}],
  ['SNAPPY', {}],
  ['GZIP', { GZIP: (input: Uint8Array) => gzipSync(input) }],
] as const) {
  test(`pages packed with ${codec}, many to a row group, keep every row in order`, async (context) => {
    // Catches a page that is lost or doubled, and rows of one group that reach into the next.
    const written = parquetWriteBuffer({
      columnData: columnData(2500),
      codec,
      compressors,
      rowGroupSize: 1000,
      pageSize: 512,
    });
    const { rows } = await read(fileOf(context)(new Uint8Array(written)));
    assert.deepEqual(
      rows,
      Array.from({ length: 2500 }, (_, i) => [
        `u${i % 7}`,
        `${BigInt(i) ** 3n}`,
        new Date(i).toISOString(),
      ]),
    );
  });
}

test('a row group is read when its turn comes, and no sooner', async (context) => {
  // Catches a file that is in memory whole.
  const [groups, groupRows] = [10, 20_000];
  const data = Float64Array.from({ length: groups * groupRows }, (_, i) => Math.sin(i));
  const columnData = [{ name: 'x', data }];
  const written = parquetWriteBuffer({
    columnData,
    codec: 'UNCOMPRESSED',
    rowGroupSize: groupRows,
  });
  const file = await InputFile.open(fileOf(context)(new Uint8Array(written)));
  const range = file.range.bind(file);
  let asked = 0;
  file.range = (start, end) => {
    asked += end - start;
    return range(start, end);
  };
  const groupBytes = groupRows * data.BYTES_PER_ELEMENT;
  let footer = 0;
  await readParquet(file, {
    header: () => {
      footer = asked;
      return [0];
    },
    row: ({ line }) => {
      const group = Math.ceil(line / groupRows);
      assert.ok(asked - footer <= group * groupBytes * 1.1, `${asked} bytes at row ${line}`);
    },
  });
  await file.close();
  assert.ok(asked - footer > groups * groupBytes);
});

test('a packing that is not read is named with those that are', async (context) => {
  const written = parquetWriteBuffer({
    columnData: columnData(10),
    codec: 'LZ4_RAW',
    compressors: { LZ4_RAW: (input) => input },
  });
  await assert.rejects(read(fileOf(context)(new Uint8Array(written))), {
    code: 'UNREADABLE_FILE',
    message: /packed with LZ4_RAW: they should be with one of UNCOMPRESSED, SNAPPY, GZIP/,
  });
});

test('a file that ends early says so', async (context) => {
  await assert.rejects(read(fileOf(context)(pyarrowFile.subarray(0, 1000))), {
    code: 'UNREADABLE_FILE',
    message: /its Parquet data cannot be read/,
  });
});

test('any inverted byte gives some rows or a DatasetError, nothing else', async (context) => {
  // Catches errors of the decoder that come through as defects, and counts that are trusted.
  const write = fileOf(context);
  for (let at = 0; at < pyarrowFile.length; at++) {
    const damaged = Buffer.from(pyarrowFile);
    damaged[at] = ~damaged[at]! & 0xff;
    await read(write(damaged)).catch((error: unknown) => {
      assert.ok(error instanceof DatasetError, `byte ${at}: ${error}`);
    });
  }
});
