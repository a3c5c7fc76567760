import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { limits } from '../../limits.js';
import { atomic, csv, DelimitedParser, type Dialect } from './delimited-parser.js';

interface Row {
  readonly line: number;
  readonly fields: readonly string[];
  readonly damage: string | null;
}

function parse(dialect: Dialect, chunks: Iterable<Uint8Array>): Row[] {
  const rows: Row[] = [];
  const parser = new DelimitedParser(dialect, (record) => {
    const fields = Array.from({ length: record.fieldCount }, (_, field) =>
      Buffer.from(record.bytes.subarray(record.start(field), record.end(field))).toString('latin1'),
    );
    rows.push({ line: record.line, fields, damage: record.damage });
  });
  for (const chunk of chunks) {
    const copy = chunk.slice();
    parser.push(copy);
    // Catches a parser that keeps a view of the caller's buffer.
    copy.fill(0x23);
  }
  parser.end();
  return rows;
}

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const whole = (dialect: Dialect, text: string): Row[] => parse(dialect, [latin1(text)]);
const bytewise = (dialect: Dialect, text: string): Row[] =>
  parse(
    dialect,
    Array.from(latin1(text), (byte) => Uint8Array.of(byte)),
  );
const row = (line: number, ...fields: string[]): Row => ({ line, fields, damage: null });

const cases: readonly (readonly [name: string, text: string, rows: readonly Row[]])[] = [
  ['nothing', '', []],
  ['a last line without an end', 'a,b', [row(1, 'a', 'b')]],
  ['LF', 'a,b\nc,d\n', [row(1, 'a', 'b'), row(2, 'c', 'd')]],
  ['CR LF', 'a,b\r\nc,d\r\n', [row(1, 'a', 'b'), row(2, 'c', 'd')]],
  ['CR', 'a,b\rc,d\r', [row(1, 'a', 'b'), row(2, 'c', 'd')]],
  ['blank lines, counted but no rows', '\n\r\na\n\n\nb', [row(3, 'a'), row(6, 'b')]],
  ['empty fields', ',a,\n,', [row(1, '', 'a', ''), row(2, '', '')]],
  ['a quoted empty field alone', '""\n', [row(1, '')]],
  ['a comma in quotes', '"a,b",c', [row(1, 'a,b', 'c')]],
  ['doubled quotes', '"a ""b"" c","""",""', [row(1, 'a "b" c', '"', '')]],
  ['line ends in quotes', '"a\nb\r\nc\rd",e\nf', [row(1, 'a\nb\r\nc\rd', 'e'), row(5, 'f')]],
  ['a byte order mark', '\xef\xbb\xbfa,b', [row(1, 'a', 'b')]],
  ['a byte order mark before a quote', '\xef\xbb\xbf"a"', [row(1, 'a')]],
  ['a mark that is no mark', '\xef\xbba,b', [row(1, '\xef\xbba', 'b')]],
  ['a file of two bytes of a mark', '\xef\xbb', [row(1, '\xef\xbb')]],
  ['a mark that is not at the start', 'a\n\xef\xbb\xbfb', [row(1, 'a'), row(2, '\xef\xbb\xbfb')]],
  ['a NUL byte as data', 'a\0b,c', [row(1, 'a\0b', 'c')]],
];

for (const [name, text, rows] of cases) {
  test(`CSV: ${name}`, () => {
    assert.deepEqual(whole(csv, text), rows);
    assert.deepEqual(bytewise(csv, text), rows);
  });
}

const damaged: readonly (readonly [name: string, text: string, lines: readonly number[]])[] = [
  ['a quote inside a plain field', 'a"b,c\nd,e', [1]],
  ['text after a closing quote', '"a"b,c\nd,e', [1]],
  ['a quote that never closes', 'x,y\n"a,b\nc,d\n', [2]],
  ['a quote as the last byte', 'x,"', [1]],
];

for (const [name, text, lines] of damaged) {
  test(`CSV: ${name} damages its row only`, () => {
    // Catches damage that eats the rows behind it, and a wrong line in the error.
    for (const rows of [whole(csv, text), bytewise(csv, text)]) {
      const bad = rows.filter(({ damage }) => damage === 'BAD_QUOTES');
      assert.deepEqual(
        bad.map(({ line }) => line),
        lines,
      );
      if (text.endsWith('\nd,e')) assert.deepEqual(rows[1], row(2, 'd', 'e'));
    }
  });
}

test('atomic files have tabs between fields, and quotes are text', () => {
  const text = 'a:token\tb:token_seq\n1\tthe "best", of\r\n2\t"\n';
  assert.deepEqual(bytewise(atomic, text), [
    row(1, 'a:token', 'b:token_seq'),
    row(2, '1', 'the "best", of'),
    row(3, '2', '"'),
  ]);
});

test('a row may be as long as the limit, and one byte more damages it', () => {
  // Catches a buffer that grows without end behind an unclosed quote.
  const longest = 'a'.repeat(limits.rowBytes);
  assert.equal(whole(csv, `${longest}\nb`)[0]!.fields[0]!.length, limits.rowBytes);
  for (const start of ['', '"']) {
    const rows = whole(csv, `${start}${longest}a\nb`);
    assert.deepEqual(
      rows.map(({ damage }) => damage),
      ['ROW_TOO_LONG', null],
    );
    assert.deepEqual(rows[1], row(2, 'b'));
  }
});

/** Bytes that make the state machine move, more often than chance would. */
const eventful = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(0x22, 0x2c, 0x0a, 0x0d, 0x09, 0xef, 0xbb, 0xbf) },
    { weight: 2, arbitrary: fc.constantFrom(0x61, 0x20) },
    { weight: 1, arbitrary: fc.nat(255) },
  ),
  { maxLength: 60 },
);

test('where chunks end never shows, whatever the bytes', () => {
  // Catches every state that is lost between two pushes.
  fc.assert(
    fc.property(
      eventful,
      fc.array(fc.nat(60), { maxLength: 6 }),
      fc.constantFrom(csv, atomic),
      (values, cuts, dialect) => {
        const bytes = Uint8Array.from(values);
        const edges = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length];
        edges.sort((a, b) => a - b);
        const chunks = edges.slice(1).map((end, index) => bytes.subarray(edges[index]!, end));
        assert.deepEqual(parse(dialect, chunks), parse(dialect, [bytes]));
      },
    ),
    { numRuns: 2000 },
  );
});

test('what is written by the rules of RFC 4180 is read back, with its line numbers', () => {
  // Catches wrong quoting rules and lines that are counted wrongly inside quotes.
  const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', '\t', 'é') });
  const table = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 8 });
  fc.assert(
    fc.property(table, fc.constantFrom('\n', '\r\n', '\r'), (rows, end) => {
      const text = rows.map((fields) => fields.map(quoted).join(',') + end).join('');
      let line = 1;
      const expected = rows.map((fields) => {
        const at = line;
        line += 1 + (fields.join(',').match(/\r\n|\r|\n/g)?.length ?? 0);
        return row(at, ...fields);
      });
      assert.deepEqual(bytewise(csv, text), expected);
    }),
    { numRuns: 500 },
  );
});

const quoted = (field: string): string =>
  /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
