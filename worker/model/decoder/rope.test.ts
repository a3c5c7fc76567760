import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RopeScaling } from '../model-config.js';
import { RotaryTable } from './rope.js';

// torch 2.13, float32: inv_freq = 1 / 10000 ** (arange(0, 8, 2) / 8); cos and sin of its products
// with the positions 1, 250 and 2047.
const positions = [1, 250, 2047];
const cosines = [
  0.5403023362159729, 0.9950041770935059, 0.9999499917030334, 0.9999995231628418,
  0.24098829925060272, 0.9912028312683105, -0.8011435866355896, 0.9689124226570129,
  0.24971525371074677, -0.8792673349380493, -0.0496266707777977, -0.4584086835384369,
];
const sines = [
  0.8414709568023682, 0.0998334214091301, 0.009999833069741726, 0.0009999999310821295,
  -0.9705280065536499, -0.13235175609588623, 0.5984721183776855, 0.24740396440029144,
  -0.968319296836853, -0.47632861137390137, 0.9987678527832031, 0.8887414932250977,
];

describe('rotary table', () => {
  // Would catch angles computed in double precision: far positions then differ in the fifth digit.
  it('rounds like Hugging Face in float32', () => {
    const rows = new RotaryTable(8, 10000).rows(Int32Array.from(positions));
    for (const [got, expected] of [
      [rows.cos, cosines],
      [rows.sin, sines],
    ] as const) {
      got.forEach((value, index) => {
        assert.ok(Math.abs(value - (expected[index] as number)) < 1e-7, `${index}: ${value}`);
      });
    }
  });

  // Would catch a scaling that nobody applies; its numerics are compared with Hugging Face's elsewhere.
  it('divides frequencies, all of them or the low ones', () => {
    const angle = (scaling?: RopeScaling): number[] => {
      const { sin } = new RotaryTable(8, 10000, scaling).rows(Int32Array.of(1));
      return [...sin].map(Math.asin);
    };
    const plain = angle();
    const ratios = (scaling: RopeScaling): number[] =>
      angle(scaling).map((value, pair) => (plain[pair] as number) / value);
    const near = (got: readonly number[], expected: readonly number[]): void =>
      got.forEach((value, pair) => {
        assert.ok(Math.abs(value - (expected[pair] as number)) < 1e-5, `${pair}: ${value}`);
      });
    near(ratios({ kind: 'linear', factor: 4 }), [4, 4, 4, 4]);
    // Wavelengths 6, 63, 628 and 6283: short, short, between and long.
    const llama3 = { lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 1000 };
    const smooth = (1000 / (200 * Math.PI) - 1) / 3;
    const between = 1 / ((1 - smooth) / 4 + smooth);
    near(ratios({ kind: 'llama3', factor: 4, ...llama3 }), [1, 1, between, 4]);
  });

  // Would catch a table that is rebuilt with other values, or too short, after it has grown.
  it('gives a position the same row in every batch', () => {
    const table = new RotaryTable(4, 500);
    const first = table.rows(Int32Array.from([3, 1]));
    const second = table.rows(Int32Array.from([90, 3]));
    assert.deepEqual(first.cos.subarray(0, 2), second.cos.subarray(2));
    assert.deepEqual(first.sin.subarray(0, 2), second.sin.subarray(2));
  });
});
