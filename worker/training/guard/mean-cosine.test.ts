import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { meanCosine } from './mean-cosine.js';

const hidden = 3;

/** By its definition: every pair of different rows. */
function byPairs(rows: readonly (readonly number[])[]): number {
  const units = rows.map((row) => row.map((value) => value / Math.hypot(...row) || 0));
  let sum = 0;
  for (const [i, a] of units.entries()) {
    for (const [j, b] of units.entries()) {
      if (i !== j) sum += a.reduce((dot, value, at) => dot + value * (b[at] as number), 0);
    }
  }
  return sum / (units.length * (units.length - 1));
}

describe('mean cosine', () => {
  // Would catch rows that are not normed, and pairs of a row with itself, which are always alike.
  it('is the mean over all pairs of different rows', () => {
    const row = fc.array(fc.integer({ min: -8, max: 8 }), { minLength: hidden, maxLength: hidden });
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 12 }), (rows) => {
        const found = meanCosine(Float32Array.from(rows.flat()), hidden);
        assert.ok(Math.abs(found - byPairs(rows)) < 1e-12, `${found} and ${byPairs(rows)}`);
      }),
    );
  });

  // Would catch a report that cannot be sent: NaN of nothing, or of a row without a direction.
  it('is a number whatever the rows are', () => {
    assert.equal(meanCosine(new Float32Array(0), hidden), 0);
    assert.equal(meanCosine(Float32Array.of(1, 2, 3), hidden), 0);
    assert.equal(meanCosine(new Float32Array(4 * hidden), hidden), 0);
    assert.equal(meanCosine(Float32Array.of(1, 0, 0, 1, 0, 0, 1, 0, 0), hidden), 1);
  });

  // Would catch a step of a large catalogue that spends its time here, or looks at its first rows only.
  it('takes evenly spaced rows of a large matrix', () => {
    const matrix = Float32Array.from([0, 1, 2, 3, 4, 5, 6, 7].flatMap((at) => [1, at, at * at]));
    const every = Float32Array.from([0, 2, 4, 6].flatMap((at) => [1, at, at * at]));
    assert.equal(meanCosine(matrix, hidden, 4), meanCosine(every, hidden));
  });
});
