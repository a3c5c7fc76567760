import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recogniseText } from './recognise-text.js';

const recognise = (text: string, whole = true) => recogniseText(Buffer.from(text), whole);

const delimited: readonly (readonly [name: string, text: string, layout: object])[] = [
  ['CSV', 'a,b\n1,2\n', { delimiter: 0x2c, quotes: true }],
  ['one column', 'a\n1\n', { delimiter: 0x2c, quotes: true }],
  ['nothing', '', { delimiter: 0x2c, quotes: true }],
  ['TSV', 'a\tb\n1\t2, 3\n', { delimiter: 0x09, quotes: false }],
  ['semicolons', 'a;b;c\n1;2,5;x\n', { delimiter: 0x3b, quotes: true }],
  ['semicolons with decimal commas in a row', 'a;b\n1,5;2,5\n', { delimiter: 0x3b, quotes: true }],
  ['bars', 'a|b\n1|2\n', { delimiter: 0x7c, quotes: false }],
  ['double colons', '1::1193::5::978300760\n1::661::3::978302109\n', { delimiter: 0x1f }],
  ['a colon in a field', '1::Alien: Covenant::Horror\n', { delimiter: 0x1f }],
  ['a byte order mark', '\ufeffa;b\n1;2\n', { delimiter: 0x3b }],
  ['CSV with lists in its fields', 'id,genres\n1,a|b\n2,c|d|e\n', { delimiter: 0x2c }],
  ['commas within a quoted name', '"a, b";c;d\n1;2;3\n', { delimiter: 0x3b }],
  ['a name with a bar', 'a|x,b,c\n1,2,3\n', { delimiter: 0x2c }],
];

for (const [name, text, expected] of delimited) {
  test(`${name}: the delimiter is found`, () => {
    const layout = recognise(text);
    assert.equal(layout.kind, 'delimited');
    const found = layout.kind === 'delimited' ? layout.dialect : null;
    for (const [key, value] of Object.entries(expected)) {
      assert.equal(found?.[key as 'delimiter'], value);
    }
  });
}

test('in a file with tabs quotes are text, unless every one of them encloses a field', () => {
  // Catches rows of MovieLens or IMDb that are damage because a title starts with a quote.
  const quotesOf = (text: string) => {
    const layout = recognise(text);
    return layout.kind === 'delimited' && layout.dialect.quotes;
  };
  assert.equal(quotesOf('a\tb\n1\t"Weird" Al\n'), false);
  assert.equal(quotesOf('a\tb\n1\t"one\ttwo"\n'), true);
});

test("Excel's first line names the delimiter and is no row", () => {
  for (const [text, delimiter] of [
    ['sep=;\r\na;b\r\n', 0x3b],
    ['\ufeffsep=,\na,b\n', 0x2c],
    ['"sep=\t"\na\tb\n', 0x09],
  ] as const) {
    const layout = recognise(text);
    assert.ok(layout.kind === 'delimited' && layout.separatorLine, text);
    assert.equal(layout.dialect.delimiter, delimiter);
  }
});

test("RecBole's headers are told by their types", () => {
  const layout = recognise('user_id:token\titem_id:token\ttimestamp:float\n1\t2\t3\n');
  assert.ok(layout.kind === 'delimited' && layout.typed && !layout.dialect.quotes);
  const plain = recognise('user_id:token\titem\n1\t2\n');
  assert.ok(plain.kind === 'delimited' && !plain.typed);
});

test('JSON lines have the fields of all their first objects', () => {
  const layout = recognise('{"a":1}\n\n{"b":{"x":[1]},"a":2}\n{"c');
  assert.deepEqual(layout, { kind: 'json-lines', columns: ['a', 'b'] });
});

test('a sample that ends inside a row is read up to its last whole row', () => {
  const layout = recognise('a;b;c\n1;2;3\n4;5', false);
  assert.ok(layout.kind === 'delimited' && layout.dialect.delimiter === 0x3b);
});

const foreign: readonly (readonly [text: string, what: RegExp])[] = [
  ['[{"a":1},\n{"a":2}]', /one JSON array: .*jq/],
  ['[\n  {"a":1}\n]', /one JSON array/],
  ['{\n  "a": 1\n}\n', /JSON, but not of one object a line/],
  ["{'user_id': 'x', 'ok': True}\n", /Python literals/],
  ["{u'user_id': u'x'}\n", /Python literals/],
];

for (const [text, what] of foreign) {
  test(`${JSON.stringify(text)} is named for what it is`, () => {
    const layout = recognise(text);
    assert.equal(layout.kind, 'foreign');
    assert.match(layout.kind === 'foreign' ? `${layout.what}: ${layout.remedy}` : '', what);
  });
}
