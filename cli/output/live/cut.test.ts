import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cut } from './cut.js';

// Would catch a colour that is cut in half and paints the rest of the terminal.
test('cutting counts what is visible and ends the colour', () => {
  assert.equal(cut('abc', 2), 'ab');
  assert.equal(cut('\u001b[36mab\u001b[39mcd', 3), '\u001b[36mab\u001b[39mc\u001b[39m');
  assert.equal(cut('ab', 2), 'ab');
});

// Would catch a view that stands still for ever over an escape that is no colour.
test('an escape that does not end is a character', () => {
  assert.equal(cut('\u001b]0;x', 2), '\u001b]\u001b[39m');
});
