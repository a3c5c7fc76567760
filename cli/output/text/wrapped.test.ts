import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wrapped } from './wrapped.js';

// Would catch a word that is lost at a break, and a path that is cut in two.
test('lines break at spaces, and a word is never cut', () => {
  assert.deepEqual(wrapped('aa bb cc', 5), ['aa bb', 'cc']);
  assert.deepEqual(wrapped('a /very/long/path b', 6), ['a', '/very/long/path', 'b']);
  assert.deepEqual(wrapped('', 5), ['']);
});
