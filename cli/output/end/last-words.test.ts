import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastWordsBytes, lastWordsText } from './last-words.js';

const line = { kind: 'finished', time: 't', exit_code: 0, weights_sha256: 'ab'.repeat(32) };

// Would catch words that are changed although they have room.
test('what has room is written as it is', () => {
  assert.equal(lastWordsText(line), JSON.stringify(line));
});

// Would catch a message that is cut in the middle of its JSON, so that nobody can read any of it.
test('what has none is cut to a line that can still be read, the deciding fields first', () => {
  const metrics = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`recall@${i}`, i / 7]));
  const message = '\u00fc'.repeat(9000);
  const text = lastWordsText({ metrics, message, resume: 'x', ...line, exit_code: 3 });
  assert.ok(Buffer.byteLength(text) <= lastWordsBytes);
  const read = JSON.parse(text) as Record<string, unknown>;
  assert.equal(read.exit_code, 3);
  assert.equal(read.weights_sha256, line.weights_sha256);
  assert.equal(read.message, message.slice(0, 1024));
  assert.equal(read.metrics, undefined);
  assert.equal(read.resume, 'x');
});
