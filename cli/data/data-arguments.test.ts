import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../usage-error.js';
import { readDataArguments } from './data-arguments.js';

const needed = [
  'import',
  ...['--format', 'hllm', '--interactions', 'i.csv', '--items', 't.csv', '--output', 'out/books'],
];

test('an import with nothing but what it needs has the defaults of HLLM', () => {
  assert.deepEqual(readDataArguments(needed), {
    kind: 'import',
    json: false,
    options: {
      format: 'hllm',
      interactions: 'i.csv',
      items: 't.csv',
      output: 'out/books',
      name: 'books',
      onBadRow: 'error',
      catalogue: 'interacted',
      columns: {},
      filters: {},
      headers: {},
      text: { maximumTokens: 64 },
      tokenizer: { kind: 'learned', model: 'auto', minimumFrequency: null, maximumSize: 32_768 },
    },
  });
});

test('every option reaches the import', () => {
  // Catches an option that is parsed and then forgotten.
  const words = [
    ...['--name', 'n', '--user-column', 'u', '--item-column', 'i', '--time-column', 't'],
    ...['--title-column', 'title', '--rating-column', 'stars', '--min-rating', '3.5'],
    ...['--deduplicate', 'last', '--min-user-interactions', '5', '--min-item-interactions', '2'],
    ...['--id-column', 'asin', '--interactions-header', 'u,i,t', '--items-header', 'asin,title'],
    ...['--text-columns', 'title,release_year=year', '--prompt', 'p', '--separator', '; '],
    ...['--max-tokens', '9', '--tokenizer', 'model', '--catalogue', 'all'],
    ...['--on-bad-row', 'skip', '--json'],
  ];
  const given = readDataArguments([...needed, ...words]);
  assert.ok(given.kind === 'import' && given.json);
  const { name, columns, filters, headers, text, tokenizer, catalogue, onBadRow } = given.options;
  assert.deepEqual(
    { name, columns, filters, headers, text, tokenizer, catalogue, onBadRow },
    {
      name: 'n',
      columns: { user: 'u', item: 'i', time: 't', id: 'asin', title: 'title', rating: 'stars' },
      filters: {
        minimumRating: 3.5,
        deduplicate: 'last',
        minimumUserInteractions: 5,
        minimumItemInteractions: 2,
      },
      headers: { interactions: ['u', 'i', 't'], items: ['asin', 'title'] },
      text: {
        prompt: 'p',
        separator: '; ',
        fields: [
          { column: 'title', key: 'title' },
          { column: 'release_year', key: 'year' },
        ],
        maximumTokens: 9,
      },
      tokenizer: { kind: 'pretrained', path: 'model' },
      catalogue: 'all',
      onBadRow: 'skip',
    },
  );
});

test('a tokenizer is learnt as it is asked for, and a path is a path', () => {
  const tokenizerOf = (...words: string[]) => {
    const given = readDataArguments([...needed, '--tokenizer', ...words]);
    return given.kind === 'import' && given.options.tokenizer;
  };
  assert.deepEqual(tokenizerOf('bpe', '--max-vocabulary', '9000', '--min-frequency', '3'), {
    kind: 'learned',
    model: 'bpe',
    minimumFrequency: 3,
    maximumSize: 9000,
  });
  assert.deepEqual(tokenizerOf('./word'), { kind: 'pretrained', path: './word' });
});

test('fetch and show take one name', () => {
  assert.deepEqual(readDataArguments(['fetch', 'movielens-100k', '--output', 'd']), {
    kind: 'fetch',
    name: 'movielens-100k',
    output: 'd',
    json: false,
  });
  const show = { kind: 'show', directory: 'd', item: null, json: true };
  assert.deepEqual(readDataArguments(['show', 'd', '--json']), show);
  assert.deepEqual(readDataArguments(['show', 'd', '--item', 'a', '--json']), {
    ...show,
    item: 'a',
  });
  assert.deepEqual(readDataArguments(['import', '--help']), { kind: 'help' });
});

const wrong: readonly (readonly [words: readonly string[], message: RegExp])[] = [
  [[], /fetch, import or show/],
  [['load'], /"load"/],
  [['fetch'], /0 names/],
  [['show', 'a', 'b'], /2 names/],
  [['fetch', 'a', '--outptu', 'b'], /--outptu/],
  [['import', '--format', 'hllm'], /--output must be given/],
  [[...needed, 'more'], /"more" belongs to no option/],
  [
    [...needed, '--format', 'csv'],
    /--format must be one of auto, hllm, recbole: current value is "csv"/,
  ],
  [[...needed, '--max-tokens', '1.5'], /--max-tokens must be a whole number/],
  [[...needed, '--min-rating', 'good'], /--min-rating must be a number/],
  [[...needed, '--rating-column', 'stars'], /only looked at with --min-rating/],
  [[...needed, '--deduplicate', 'all'], /--deduplicate must be one of first, last/],
  [[...needed, '--min-item-interactions', '1.5'], /--min-item-interactions must be a whole number/],
  [[...needed, '--items-header', 'a,a'], /--items-header must be different names/],
  [[...needed, '--text-columns', 'a,,b'], /--text-columns/],
  [[...needed, '--text-columns', 'a='], /--text-columns/],
  [[...needed, '--tokenizer', 't', '--min-frequency', '2'], /brings its own vocabulary/],
];

for (const [words, message] of wrong) {
  test(`"${words.join(' ')}" is refused with what should be`, () => {
    assert.throws(
      () => readDataArguments(words),
      (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}
