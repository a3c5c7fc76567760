import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unlabelled } from '../../../shared/plan/plan-input.js';
import { parseLabel } from './label-field.js';

function labelOf(text: string, atLeast: number | null): number {
  const bytes = Buffer.from(`x${text}y`);
  return parseLabel(bytes, 1, bytes.length - 1, atLeast);
}

// Would catch a rating that is taken for a label (2 is no label), and words of other languages.
test('without a threshold a label is 0, 1, true or false, and nothing else', () => {
  for (const text of ['1', '1.0', 'true', 'True', 'TRUE', '+1'])
    assert.equal(labelOf(text, null), 1);
  for (const text of ['0', '0.0', 'false', 'False', '-0']) assert.equal(labelOf(text, null), 0);
  assert.equal(labelOf('', null), unlabelled);
  for (const text of ['2', '0.5', 'yes', 'nan', ' 1', 'truely', 't']) {
    assert.ok(Number.isNaN(labelOf(text, null)), text);
  }
});

// Would catch a threshold that leaves out its own value, and a word that counts as 0.
test('with a threshold it is a number, and wanted from there on', () => {
  assert.deepEqual(
    ['4', '4.0', '3.999', '-7', '1e3'].map((text) => labelOf(text, 4)),
    [1, 1, 0, 0, 1],
  );
  assert.equal(labelOf('', 4), unlabelled);
  for (const text of ['true', 'four', 'inf']) assert.ok(Number.isNaN(labelOf(text, 4)), text);
});
