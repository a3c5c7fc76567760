import assert from 'node:assert/strict';
import { test } from 'node:test';
import { composeItemText } from './item-text.js';

const keys = ['title', 'tag', 'year'];
const values = [' Toy  Story ', '', '  '];

test('a pretrained tokenizer sees the blanks around values, as in HLLM', () => {
  // Catches texts that are trimmed: their token ids differ from those that HLLM trains on.
  const options = { prompt: 'P: ', separator: '', keepBlanks: true };
  assert.equal(composeItemText(options, keys, values), 'P: title:  Toy  Story year:   ');
});

test('for learnt words blanks say nothing, and a value of blanks is none', () => {
  const options = { prompt: '', separator: ' ', keepBlanks: false };
  assert.equal(composeItemText(options, keys, values), 'title: Toy  Story');
});
