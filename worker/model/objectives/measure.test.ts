import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addLanes, type Measures } from './measure.js';

const measures: Measures = {
  predictions: { kind: 'sum' },
  top1: { kind: 'mean', of: 'predictions' },
  least: { kind: 'least' },
};

describe('measures', () => {
  // Would catch a mean of the lanes' means, and a lane without predictions that counts as a least.
  it('are of the whole step', () => {
    const lanes = [
      { predictions: 3, top1: 1, least: 4 },
      { predictions: 0, top1: 0, least: Number.POSITIVE_INFINITY },
      { predictions: 1, top1: 1, least: 5 },
    ];
    assert.deepEqual(addLanes(measures, lanes), { predictions: 4, top1: 0.5, least: 4 });
  });

  // Would catch a division by zero and an infinity, which no message may carry.
  it('are zero where they are of nothing', () => {
    const empty = { predictions: 0, top1: 0, least: Number.POSITIVE_INFINITY };
    assert.deepEqual(addLanes(measures, [empty]), { predictions: 0, top1: 0, least: 0 });
  });
});
