import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../usage-error.js';
import { refuseEmptyWords } from './empty-words.js';

const refusal = (...words: readonly string[]): string => {
  try {
    refuseEmptyWords('train', words);
    return '';
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.message;
  }
};

// Would catch `train job.yaml --output "$RUN"` that trains into the folder where one stands, and --port "" that takes any.
test('an empty word is refused, and named by what stands before it', () => {
  assert.match(refusal('job.yaml', '--output', ''), /the word behind "--output" is empty/);
  assert.match(refusal('job.yaml', '--output='), /the value of "--output=" is empty/);
  assert.match(refusal(''), /the first word is empty/);
});

test('words that end in an equals sign and are no option stay', () => {
  assert.equal(refusal('job.yaml', '--set', 'a=', '--output', 'runs/x='), '');
});
