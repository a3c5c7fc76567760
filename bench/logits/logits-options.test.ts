import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLogitsOptions } from './logits-options.js';

// Would catch: a comparison with nothing, or of another engine than was asked for.
test('a model and what is expected of it are needed, the rest has defaults', () => {
  const given = ['--model', 'm', '--expected', 'e'];
  const all = { model: 'm', expected: 'e', engine: 'torch', threads: 2 };
  assert.deepEqual(parseLogitsOptions(given), all);
  assert.deepEqual(parseLogitsOptions([...given, '--engine', 'cpu']), { ...all, engine: 'cpu' });
  assert.throws(() => parseLogitsOptions(given.slice(2)), /--model is missing/);
  assert.throws(() => parseLogitsOptions(given.slice(0, 2)), /--expected is missing/);
  assert.throws(() => parseLogitsOptions([...given, '--threads', '0']), /--threads must be/);
});
