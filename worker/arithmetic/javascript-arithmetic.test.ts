import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { arithmeticContract } from './arithmetic-cases.js';
import { javascriptArithmetic } from './javascript-arithmetic.js';

arithmeticContract(javascriptArithmetic);

// Would catch blocks that are added in the order of a running sum: the tree lets members add parts.
test('the sum of squares of whole blocks is the tree over the sums of its halves', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1000 }), (seed) => {
      const x = Float32Array.from(
        { length: 8 * 4096 },
        (_, i) => Math.sin(seed + i) * 10 ** (i % 5),
      );
      const half = x.length / 2;
      const left = javascriptArithmetic.sumOfSquares(x.subarray(0, half));
      const right = javascriptArithmetic.sumOfSquares(x.subarray(half));
      assert.equal(javascriptArithmetic.sumOfSquares(x), left + right);
    }),
    { numRuns: 10 },
  );
});
