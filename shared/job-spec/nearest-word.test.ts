import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestWord } from './nearest-word.js';

// Catches: advice that is worse than none.
test('suggests what is close and nothing else', () => {
  assert.equal(nearestWord('optimiser', ['model', 'optimizer', 'batch']), 'optimizer');
  assert.equal(nearestWord('LANES', ['lanes', 'lane']), 'lanes');
  assert.equal(nearestWord('zebra', ['model', 'optimizer', 'batch']), null);
  assert.equal(nearestWord('x'.repeat(10_000), ['model']), null);
  assert.equal(nearestWord('a', []), null);
});
