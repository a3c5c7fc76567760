import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { limits } from '../../limits.js';
import { JsonLinesParser, jsonColumns } from './json-lines-parser.js';

interface Row {
  readonly line: number;
  readonly fields: readonly string[];
  readonly damage: string | null;
}

function parse(columns: readonly string[], chunks: Iterable<Uint8Array>): Row[] {
  const rows: Row[] = [];
  const parser = new JsonLinesParser(
    columns,
    () => true,
    (record) => {
      const fields = Array.from({ length: record.fieldCount }, (_, field) =>
        Buffer.from(record.bytes.subarray(record.start(field), record.end(field))).toString(),
      );
      rows.push({ line: record.line, fields: record.damage ? [] : fields, damage: record.damage });
    },
  );
  for (const chunk of chunks) {
    const copy = Uint8Array.from(chunk);
    parser.push(copy);
    // Catches a parser that keeps a view of the caller's buffer.
    copy.fill(0x23);
  }
  parser.end();
  return rows;
}

const bytewise = (columns: readonly string[], text: string): Row[] =>
  parse(
    columns,
    Array.from(Buffer.from(text), (byte) => Uint8Array.of(byte)),
  );
const row = (line: number, ...fields: string[]): Row => ({ line, fields, damage: null });
const bad = (line: number): Row => ({ line, fields: [], damage: 'BAD_JSON' });

const cases: readonly (readonly [name: string, text: string, rows: readonly Row[]])[] = [
  ['nothing', '', []],
  ['fields by name, others left out', '{"x":9,"b":"2","a":"1"}\n', [row(1, '1', '2')]],
  ['absent fields and null are empty', '{"a":null}\n{}\n', [row(1, '', ''), row(2, '', '')]],
  ['NaN, as Python writes it', '{"a":NaN,"b":1}', [row(1, '', '1')]],
  ['blank lines and CR LF', '\n{"a":"x"}\r\n \r\n{"b":"y"}', [row(2, 'x', ''), row(4, '', 'y')]],
  [
    'digits beyond 2^53',
    '{"a":76561197970982479,"b":-1.50e+3}',
    [row(1, '76561197970982479', '-1.50e+3')],
  ],
  ['booleans', '{"a":true,"b":false}', [row(1, 'true', 'false')]],
  ['escapes', '{"a":"x\\n\\"\\u00e9\\ud83d\\ude00","\\u0062":"é"}', [row(1, 'x\n"é😀', 'é')]],
  [
    'lists and lists of lists',
    '{"a":["p","q"],"b":[["r",1],[null,"s"]]}',
    [row(1, 'p, q', 'r, 1, s')],
  ],
  ['an object', '{"a":{"k":"}"},"b":{}}', [row(1, '{"k":"}"}', '{}')]],
  ['the last of two', '{"a":1,"a":2,"b":3}', [row(1, '2', '3')]],
  ['white space', ' { "a" : 1 ,\t"b" : [ 1 , 2 ] } ', [row(1, '1', '1, 2')]],
  ['a byte order mark', '\ufeff{"a":1,"b":2}', [row(1, '1', '2')]],
  ['__proto__', '{"__proto__":1,"a":"constructor"}', [row(1, 'constructor', '')]],
  ['damage of a line only', '{"a":1\n{"b":2}\n', [bad(1), row(2, '', '2')]],
];

for (const [name, text, rows] of cases) {
  test(`JSON lines: ${name}`, () => {
    assert.deepEqual(parse(['a', 'b'], [Buffer.from(text)]), rows);
    assert.deepEqual(bytewise(['a', 'b'], text), rows);
  });
}

const damaged = [
  ...['x', '1', '"a"', '[1]', '{', '{"a"}', '{"a":}', '{"a":1,}', '{a:1}', '{"a":1}{', '{"a":1} x'],
  ...['{"a":"x}', '{"a":tru}', '{"a":01}', '{"a":1 2}', '{"a":[1}', '{"a":[1,]}', "{'a':1}"],
  ...['{"a":"\\x"}', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`, '{"a":undefined}', '{"a":+1}'],
];

for (const text of damaged) {
  test(`JSON lines: ${text.slice(0, 40)} is damage`, () => {
    assert.deepEqual(bytewise(['a'], `${text}\n{"a":2}`), [bad(1), row(2, '2')]);
  });
}

test('a line may be as long as the limit, and one byte more damages it', () => {
  const line = (length: number) => `{"a":"${'x'.repeat(length - 8)}"}\n{"a":1}`;
  const damages = (length: number) =>
    parse(['a'], [Buffer.from(line(length))]).map(({ damage }) => damage);
  assert.deepEqual(damages(limits.rowBytes), [null, null]);
  assert.deepEqual(damages(limits.rowBytes + 1), ['ROW_TOO_LONG', null]);
});

const eventful = fc.array(
  fc.constantFrom(...'{}[]":,\\ \n\r1-eatruenl'.split(''), '{"a":', '"b":[', '"},', 'é', '\ufeff'),
  { maxLength: 50 },
);

test('where chunks end never shows, whatever the bytes', () => {
  // Catches a line that is lost or doubled between two pushes.
  fc.assert(
    fc.property(eventful, fc.array(fc.nat(80), { maxLength: 6 }), (parts, cuts) => {
      const bytes = Buffer.from(parts.join(''));
      const edges = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length];
      edges.sort((a, b) => a - b);
      const chunks = edges.slice(1).map((end, index) => bytes.subarray(edges[index]!, end));
      assert.deepEqual(parse(['a', 'b'], chunks), parse(['a', 'b'], [bytes]));
    }),
    { numRuns: 2000 },
  );
});

test('what JSON.stringify writes is read back', () => {
  // Catches wrong escapes, and ends of nested values that are found too early.
  const objects = fc.array(fc.record({ a: fc.string({ unit: 'binary' }), n: fc.jsonValue() }));
  fc.assert(
    fc.property(objects, (all) => {
      const text = all.map((value) => `${JSON.stringify(value)}\n`).join('');
      assert.deepEqual(
        bytewise(['a'], text),
        // A lone half of a pair is no text: it is written as the replacement character.
        all.map(({ a }, index) => row(index + 1, Buffer.from(a).toString())),
      );
      if (all.length > 0) assert.deepEqual(jsonColumns(Buffer.from(text)), ['a', 'n']);
    }),
  );
});
