import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { DatasetError } from '../dataset-error.js';
import { readTable, type TableFile } from './read-table.js';

function write(context: TestContext, contents: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-table-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  // The name says nothing on purpose: the content does.
  const path = join(folder, 'data.csv');
  writeFileSync(path, contents);
  return path;
}

async function read(path: string, options: Partial<TableFile> = {}) {
  let columns: readonly string[] = [];
  const rows: string[][] = [];
  const lines: number[] = [];
  let progress = 0;
  const found = await readTable(
    { path, format: 'auto', ...options },
    {
      header: (header) => {
        columns = header.columns.map(({ name }) => name);
        return columns.map((_, index) => index);
      },
      row: (record) => {
        lines.push(record.line);
        rows.push(
          Array.from({ length: record.fieldCount }, (_, field) =>
            Buffer.from(record.bytes.subarray(record.start(field), record.end(field))).toString(),
          ),
        );
      },
      progress: (bytes, total) => {
        assert.ok(bytes >= progress && bytes <= total);
        progress = bytes;
      },
    },
  );
  return { found, columns, rows, lines };
}

const rows = [
  ['u1', 'a', '5'],
  ['ü2', 'b c', '3'],
];
const parquet = parquetWriteBuffer({
  columnData: [
    { name: 'user', data: ['u1', 'ü2'], type: 'STRING' },
    { name: 'item', data: ['a', 'b c'], type: 'STRING' },
    { name: 'n', data: Int32Array.of(5, 3), type: 'INT32' },
  ],
});

/** The same table in every form that is read. */
const forms: readonly (readonly [found: string, contents: string | Uint8Array])[] = [
  ['comma-separated text', 'user,item,n\nu1,a,5\nü2,b c,3\n'],
  ['comma-separated text', '\ufeffuser,item,n\r\n"u1",a,5\r\nü2,"b c",3'],
  ['tab-separated text', 'user\titem\tn\nu1\ta\t5\nü2\tb c\t3\n'],
  ['semicolon-separated text', 'user;item;n\nu1;a;5\nü2;b c;3\n'],
  ['text separated by |', 'user|item|n\nu1|a|5\nü2|b c|3\n'],
  ['text separated by ::', 'user::item::n\nu1::a::5\nü2::b c::3\n'],
  ['semicolon-separated text', 'sep=;\r\nuser;item;n\r\nu1;a;5\r\nü2;b c;3\r\n'],
  ['tab-separated text', 'user:token\titem:token\tn:float\nu1\ta\t5\nü2\tb c\t3\n'],
  ['JSON lines', '{"user":"u1","item":"a","n":5}\n{"n":3,"user":"ü2","item":"b c"}\n'],
  ['gzip of comma-separated text', gzipSync('user,item,n\nu1,a,5\nü2,b c,3\n')],
  [
    'gzip of JSON lines',
    gzipSync('{"user":"u1","item":"a","n":5}\n{"user":"ü2","item":"b c","n":3}'),
  ],
  [
    'zstd of comma-separated text',
    Buffer.from('KLUv/QRY6QAAdXNlcixpdGVtLG4KdTEsYSw1CsO8MixiIGMsMwolWhEp', 'base64'),
  ],
  ['Parquet', new Uint8Array(parquet)],
];

for (const [index, [found, contents]] of forms.entries()) {
  test(`form ${index}: ${found} is recognised by its content and read`, async (context) => {
    const table = await read(write(context, contents));
    assert.equal(table.found, found);
    assert.deepEqual(table.columns, ['user', 'item', 'n']);
    assert.deepEqual(table.rows, rows);
  });
}

test("Excel's separator line counts as a line and is no header", async (context) => {
  const { lines } = await read(write(context, 'sep=,\nuser,item,n\nu1,a,5\n'));
  assert.deepEqual(lines, [3]);
});

test('a file without a header line has the columns that were given', async (context) => {
  // MovieLens-1M: catches a first row that is lost as a header, and a colon that splits a title.
  const path = write(context, '1::Alien: Covenant::Horror|Sci-Fi\n2::Up:::Comedy\n');
  const table = await read(path, { columns: ['id', 'title', 'genres'] });
  assert.deepEqual(table.rows, [
    ['1', 'Alien: Covenant', 'Horror|Sci-Fi'],
    ['2', 'Up', ':Comedy'],
  ]);
});

test('a text longer than the sample is read on, packed or not', async (context) => {
  // Catches a chunk that is lost between the sample and the rest, and a buffer that is used twice.
  const lines = Array.from({ length: 60_000 }, (_, i) => `u${i},item ${i * 7919},${i}`);
  const text = `user,item,n\n${lines.join('\n')}\n`;
  for (const contents of [text, gzipSync(text)]) {
    const table = await read(write(context, contents));
    assert.equal(table.rows.map((row) => row.join(',')).join('\n'), lines.join('\n'));
  }
});

const refused: readonly (readonly [contents: string | Uint8Array, message: RegExp])[] = [
  ['SQLite format 3\0', /it is a SQLite file: export its tables/],
  [gzipSync('SQLite format 3\0'), /it is a SQLite file inside gzip/],
  [gzipSync(gzipSync('a,b\n')), /it is a gzip file inside gzip: unpack it first/],
  [gzipSync(new Uint8Array(parquet)), /it is a parquet file inside gzip/],
  ['[{"a":1}]', /it is one JSON array: write one object a line first/],
  [gzipSync('a,b\n1,2\n'.repeat(99)).subarray(0, 30), /its gzip data is damaged or ends early/],
  ['', /it is empty/],
];

for (const [index, [contents, message]] of refused.entries()) {
  test(`refused ${index}: ${message.source}`, async (context) => {
    const path = write(context, contents);
    await assert.rejects(read(path), (error) => {
      assert.ok(error instanceof DatasetError);
      assert.ok(error.message.startsWith(`Cannot read ${path}: `));
      assert.match(error.message, message);
      return true;
    });
  });
}

test('a folder is no file, and says so', async (context) => {
  const path = join(write(context, ''), '..');
  await assert.rejects(read(path), { message: /it is a folder: it should be a file/ });
});
