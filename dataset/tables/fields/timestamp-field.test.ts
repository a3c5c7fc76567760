import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TimeRange } from './time-column.js';
import { newTimeField, readTime } from './timestamp-field.js';

function read(text: string) {
  const time = newTimeField();
  const bytes = Buffer.from(`,${text},`);
  readTime(bytes, 1, bytes.length - 1, time);
  return time;
}

/** Seconds since 1970 and nanoseconds, of a date. */
const date = (value: number, nanos = 0) => ({ kind: 'date', value, nanos });

const noon = Date.UTC(2024, 1, 29, 12) / 1000;
const dates: readonly (readonly [text: string, time: object])[] = [
  ['2024-02-29', date(noon - 43_200)],
  ['2024-02-29T12:00', date(noon)],
  ['2024-02-29T12:00:00', date(noon)],
  ['2024-02-29 12:00:00', date(noon)],
  ['2024-02-29T12:00:00Z', date(noon)],
  ['2024-02-29t12:00:00z', date(noon)],
  ['2024-02-29 12:00:00 UTC', date(noon)],
  ['2024-02-29T14:00:00+02:00', date(noon)],
  ['2024-02-29T14:00:00+0200', date(noon)],
  ['2024-02-29T06:30:00-05:30', date(noon)],
  ['2024-02-29T14+02', { kind: 'none' }],
  ['2024-02-29T12:00:00.5', date(noon, 500_000_000)],
  ['2024-02-29T12:00:00,000001Z', date(noon, 1000)],
  ['2024-02-29 12:00:00.123456789+00:00', date(noon, 123_456_789)],
  ['2024-02-29T12:00:00.1234567891Z', date(noon, 123_456_789)],
  ['1969-12-31T23:59:59.25Z', date(-1, 250_000_000)],
  ['2016-12-31T23:59:60Z', date(Date.UTC(2017, 0, 1) / 1000)],
];

for (const [text, expected] of dates) {
  test(`${text} is a date of ISO 8601`, () => {
    const { kind, value, nanos } = read(text);
    const wanted = 'value' in expected ? { kind, value, nanos } : { kind };
    assert.deepEqual(wanted, expected);
  });
}

const bad = [
  ...['', ' ', 'now', '24.12.2020', '12/24/2020', '2020-13-01', '2020-02-30', '2023-02-29'],
  ...['2020-1-1', '2020-01-01T24:00:00', '2020-01-01T10:60', '2020-01-01T', '2020-01-01T10'],
  ...['2020-01-01T10:00:00+25:00', '2020-01-01T10:00:00 CET', '2020-01-01x', '20200-01-01'],
  ...['1677-12-31', '2262-01-01', '9223372036854775808', '-9223372036854775809', '1e19'],
  ...['nan', 'inf', '0x10', '1,5', '99999999999999999999999999'],
];

for (const text of bad) {
  test(`${JSON.stringify(text)} is no time`, () => {
    // Catches Date.parse's own tolerance, local time, and days that roll over.
    assert.equal(read(text).kind, 'none');
  });
}

/** The ranks of the texts' times as the import keeps them. */
function order(texts: readonly string[]): number[] {
  const range = new TimeRange();
  for (const text of texts) range.add(read(text));
  const store = range.store(texts.length);
  texts.forEach((text, index) => {
    const bytes = Buffer.from(text);
    store.put(index, read(text), bytes, 0, bytes.length);
  });
  const kept = [...(store.times as Iterable<number | bigint>)];
  const distinct = [...new Set(kept)].sort((a, b) => (a < b ? -1 : 1));
  return kept.map((time) => distinct.indexOf(time));
}

const ranks = (values: readonly bigint[]): number[] => {
  const distinct = [...new Set(values)].sort((a, b) => (a < b ? -1 : 1));
  return values.map((value) => distinct.indexOf(value));
};

test('integers of 64 bits keep their order to the last digit, whatever their unit', () => {
  // Catches nanoseconds in doubles, where 256 of them are one.
  const near = (center: bigint) =>
    fc.bigInt({ min: -300n, max: 300n }).map((offset) => center + offset);
  const value = fc.oneof(
    ...[0n, 1_700_000_000n, 1_700_000_000_000n, 1_700_000_000_000_000_000n].map(near),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  );
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), (values) => {
      assert.deepEqual(order(values.map(String)), ranks(values));
    }),
    { numRuns: 500 },
  );
});

test('dates keep their order to the nanosecond', () => {
  const value = fc.record({
    second: fc.constantFrom(-5_000_000_000, -1, 0, 1_700_000_000, 1_700_000_001, 9_000_000_000),
    nanos: fc.constantFrom(0, 1, 999, 1000, 500_000, 123_000_000, 999_999_999),
  });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 12 }), (values) => {
      const texts = values.map(({ second, nanos }) => {
        const text = new Date(second * 1000).toISOString().slice(0, 19);
        return `${text}.${String(nanos).padStart(9, '0')}Z`;
      });
      const exact = values.map(({ second, nanos }) => BigInt(second) * 10n ** 9n + BigInt(nanos));
      assert.deepEqual(order(texts), ranks(exact));
    }),
    { numRuns: 500 },
  );
});

test('seconds take four bytes, what a double holds eight, and only the rest big integers', () => {
  // Catches the slow form where the fast one is exact.
  const timesOf = (...texts: string[]) => {
    const range = new TimeRange();
    for (const text of texts) range.add(read(text));
    return range.store(1).times.constructor.name;
  };
  assert.equal(timesOf('0', '1700000000'), 'Uint32Array');
  assert.equal(timesOf('2001-01-01', '2024-05-05T10:11:12Z'), 'Uint32Array');
  assert.equal(timesOf('1500000000000', '1700000000000'), 'Float64Array');
  assert.equal(timesOf('2001-01-01', '2024-05-05T10:11:12.123456Z'), 'Float64Array');
  assert.equal(timesOf('0.5', '1700000000'), 'Float64Array');
  assert.equal(timesOf('1500000000000000001'), 'BigInt64Array');
  assert.equal(timesOf('2001-01-01T00:00:00.000000001Z', '2024-01-01'), 'BigInt64Array');
});
