import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable } from './printable.js';

// Would catch a title that colours the terminal, breaks its row or turns what stands behind it round.
test('what a terminal obeys is printed and not obeyed', () => {
  assert.equal(printable('\u001b[31mred\nline\u202etxt'), '\\u{1b}[31mred\\u{a}line\\u{202e}txt');
});

// Would catch letters that are taken for something else.
test('letters of any script, signs and joined emoji stay', () => {
  const text = 'Amélie – 千と千尋 "x" 👩‍🚀 שלום';
  assert.equal(printable(text), text);
});
