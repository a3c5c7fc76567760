import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scalingOfFactors } from './rope-factors.js';

const decoder = { headSize: 128, ropeTheta: 500_000 };

/** `generate_extra_tensors` of llama.cpp's converter. */
function factorsOf(factor: number, low = 1): Float32Array {
  return Float32Array.from({ length: 64 }, (_, pair) => {
    const wavelength = 2 * Math.PI * 500_000 ** (pair / 64);
    if (wavelength < 8192 / 4) return 1;
    if (wavelength > 8192 / low) return factor;
    const smooth = (8192 / wavelength - low) / (4 - low);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}

// Would catch: a Llama 3.1 or 3.2 that is computed without the scaling that its file says in a tensor.
test("Llama 3.1's scaling is found in its factors", () => {
  const rest = { lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 8192 };
  assert.deepEqual(scalingOfFactors(factorsOf(8), decoder), { kind: 'llama3', factor: 8, ...rest });
  assert.deepEqual(scalingOfFactors(factorsOf(32), decoder)?.factor, 32);
  assert.equal(scalingOfFactors(new Float32Array(64).fill(1), decoder), null);
});

// Would catch: factors of another kind that are taken for the nearest known ones.
test('other factors are refused', () => {
  for (const factors of [
    factorsOf(8, 2),
    new Float32Array(32).fill(8),
    new Float32Array(64).fill(8),
  ]) {
    assert.throws(
      () => scalingOfFactors(factors, decoder),
      /"rope_freqs.weight" holds other factors/,
    );
  }
});
