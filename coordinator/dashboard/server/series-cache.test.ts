import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeriesCache } from './series-cache.js';

// Would catch a coordinator that makes the same answer for each of fifty viewers.
test('an answer is made once, whoever asks', () => {
  let made = 0;
  const cache = new SeriesCache();
  const ask = (key: string): string => cache.text(key, () => `${++made}`);
  assert.deepEqual([ask('a'), ask('a'), ask('b')], ['1', '1', '2']);
});

test('answers of a thousand windows are not kept', () => {
  let made = 0;
  const cache = new SeriesCache();
  for (let window = 0; window < 1000; window++) cache.text(`${window}`, () => `${++made}`);
  assert.equal(
    cache.text('999', () => 'again'),
    '1000',
  );
  assert.equal(
    cache.text('0', () => 'again'),
    'again',
  );
});
