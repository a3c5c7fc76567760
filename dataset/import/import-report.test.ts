import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ReportInput, reportImport } from './import-report.js';

/** Users' items and items' tokens as the arrays of a dataset; token 0 is the unknown one. */
function dataset(
  users: readonly (readonly number[])[],
  texts: readonly (readonly number[])[],
  more: Partial<ReportInput> = {},
): ReportInput {
  return {
    sequenceOffsets: offsets(users),
    sequenceItems: Int32Array.from(users.flat()),
    itemTokenOffsets: offsets(texts),
    itemTokens: Int32Array.from(texts.flat()),
    vocabulary: 1 + Math.max(0, ...texts.flat()),
    unknown: 0,
    words: null,
    cutTexts: 0,
    leftOut: 0,
    times: null,
    labels: null,
    ...more,
  };
}

function offsets(lists: readonly (readonly number[])[]): Uint32Array {
  const ends = new Uint32Array(lists.length + 1);
  for (const [i, list] of lists.entries()) ends[i + 1] = ends[i]! + list.length;
  return ends;
}

/** Forty users with five of twenty items each, whose texts share words. */
const users = Array.from({ length: 40 }, (_, user) =>
  [0, 1, 2, 3, 4].map((i) => (user + 3 * i) % 20),
);
const texts = Array.from({ length: 20 }, (_, item) => [1, 2 + (item % 5), 7 + (item >> 2)]);
const codes = (input: ReportInput) => reportImport(input).warnings.map(({ code }) => code);

test('data that can be trained on is told without a warning', () => {
  assert.deepEqual(reportImport(dataset(users, texts)), {
    users: { total: 40, tooShortToTrain: 0, tooShortToEvaluate: 0 },
    interactions: { total: 200, leftOut: 0, repeated: 0, predictions: 80 },
    texts: { total: 20, distinct: 20, cut: 0, longer: 0, unknownAlone: 0, ownAlone: 0 },
    words: null,
    warnings: [
      {
        code: 'FEW_INTERACTIONS',
        message: '80 predictions are left to train on: there should be at least 100',
      },
    ],
  });
  assert.deepEqual(codes(dataset([...users, ...users], texts)), []);
});

test('users too short, pairs that repeat and texts that are equal are counted', () => {
  // Catches the two held-out items taken for training items, and a repeat that is another user's.
  const { users, interactions, texts } = reportImport(
    dataset(
      [[0, 1, 2, 0, 0], [0, 1, 2], [1, 1], [2]],
      [
        [1, 2],
        [1, 2],
        [1, 3],
        [2, 1],
      ],
    ),
  );
  assert.deepEqual(users, { total: 4, tooShortToTrain: 3, tooShortToEvaluate: 2 });
  assert.deepEqual(interactions, { total: 11, leftOut: 0, repeated: 3, predictions: 2 });
  assert.deepEqual([texts.total, texts.distinct], [4, 3]);
});

const many = [...users, ...users];
const same = (count: number, text: (item: number) => number[]) =>
  Array.from({ length: count }, (_, item) => text(item));
const hopeless: readonly (readonly [name: string, code: string, input: ReportInput])[] = [
  [
    'no user has a history',
    'SHORT_HISTORIES',
    dataset(
      same(500, () => [0, 1, 2]),
      texts,
    ),
  ],
  [
    'one of 500 users has a history',
    'SHORT_HISTORIES',
    dataset([...same(499, () => [0]), [0, 1, 2, 3]], texts),
  ],
  ['filters have left almost nothing', 'MOST_LEFT_OUT', dataset(many, texts, { leftOut: 4000 })],
  [
    'there is one item',
    'ONE_ITEM',
    dataset(
      same(200, () => [0, 0, 0, 0, 0]),
      [[1, 2]],
    ),
  ],
  [
    'nearly all texts are equal',
    'EQUAL_TEXTS',
    dataset(
      many,
      same(20, (item) => [1, item === 0 ? 2 : 3]),
    ),
  ],
  [
    'all words are unknown',
    'UNKNOWN_TEXTS',
    dataset(
      many,
      same(20, () => [1, 0, 0]),
    ),
  ],
  [
    'each text is a word of its own',
    'TEXTS_ARE_IDS',
    dataset(
      many,
      same(20, (item) => [1, 2 + item]),
    ),
  ],
];

// Would catch histories that are sorted by seconds among milliseconds, of which nothing is said.
test('times of two units are told, and times of many years are not', () => {
  const of = (least: number, most: number) =>
    codes(dataset([...users, ...users], texts, { times: { least, most } }));
  assert.deepEqual(of(1_735_689_600, 1_735_689_600_000), ['TIMES_IN_TWO_UNITS']);
  assert.deepEqual(of(1e11, 4.1e15), ['TIMES_IN_TWO_UNITS']);
  for (const [least, most] of [
    [1e8, 4.1e9],
    [1e11, 4.1e12],
    [0, 1e9],
    [1, 500],
    [1.7e9, 1.7e9],
  ] as const) {
    assert.deepEqual(of(least, most), []);
  }
});

for (const [name, code, input] of hopeless) {
  test(`it warns where ${name}`, () => assert.deepEqual(codes(input), [code]));
}

test('any dataset has a report, whose counts are within what there is', () => {
  const lists = (most: number) =>
    fc.array(fc.array(fc.nat(most), { minLength: 1, maxLength: 6 }), {
      minLength: 8,
      maxLength: 9,
    });
  const property = fc.property(lists(7), lists(20), (users, texts) => {
    const report = reportImport(dataset(users, texts));
    const within = ([part, whole]: readonly [number, number]) => part >= 0 && part <= whole;
    const { users: people, interactions, texts: told } = report;
    const pairs = [
      [people.tooShortToEvaluate, people.tooShortToTrain],
      [people.tooShortToTrain, people.total],
      [interactions.repeated, interactions.total],
      [interactions.predictions, interactions.total],
      [told.unknownAlone + told.ownAlone, told.total],
    ] as const;
    assert.ok(pairs.every(within));
    assert.equal(told.distinct, new Set(texts.map(String)).size);
  });
  fc.assert(property);
});
