import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseNumber } from './number-field.js';

const parse = (text: string): number => parseNumber(Buffer.from(text), 0, Buffer.from(text).length);

test('decimal numbers are read exactly', () => {
  // Catches a fast path that loses digits, and a sign or an exponent that is dropped.
  fc.assert(
    fc.property(
      fc.oneof(fc.maxSafeNat(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })),
      (value) => {
        assert.equal(parse(String(value)), Object.is(value, -0) ? 0 : value);
      },
    ),
  );
  assert.equal(parse('881250949'), 881250949);
  assert.equal(parse('001'), 1);
  assert.equal(parse('+1.5e3'), 1500);
  assert.equal(parse('.5'), 0.5);
  assert.equal(parse('999999999999999'), 999999999999999);
  assert.equal(parse('9007199254740993'), 9007199254740992);
});

const bad = ['', ' ', '1 ', ' 1', 'nan', 'NaN', 'inf', 'Infinity', '0x10', '1_000', '1,5', '1e'];

test('what is no decimal number is NaN', () => {
  // Catches Number()'s own tolerance: it reads "", " " and "0x10".
  for (const text of [...bad, '-', '.', '1e999', '١', '2020-01-01', '1'.repeat(65), '1\0']) {
    assert.ok(Number.isNaN(parse(text)), JSON.stringify(text));
  }
});

test('a number is read where it lies in a larger buffer', () => {
  assert.equal(parseNumber(Buffer.from('12,345,6'), 3, 6), 345);
});
