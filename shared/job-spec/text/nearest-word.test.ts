import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestWord, nearestWords } from './nearest-word.js';

// Catches: advice that is worse than none.
test('suggests what is close and nothing else', () => {
  assert.equal(nearestWord('optimiser', ['model', 'optimizer', 'batch']), 'optimizer');
  assert.equal(nearestWord('LANES', ['lanes', 'lane']), 'lanes');
  assert.equal(nearestWord('zebra', ['model', 'optimizer', 'batch']), null);
  assert.equal(nearestWord('x'.repeat(10_000), ['model']), null);
  assert.equal(nearestWord('a', []), null);
});

// Catches: the same title several times, and a closer one that comes last and finds no place.
test('names several, the closest first, each once', () => {
  const words = ['star', 'stars', 'stare', 'tsar', 'stars', 'moon', 'Star!'];
  assert.deepEqual(nearestWords('stars', words, 3), ['stars', 'star', 'stare']);
  assert.deepEqual(nearestWords('stars', ['stare', 'stars'], 1), ['stars']);
});
