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

// transformers 5.24, LlamaRotaryEmbedding: head size 8, base 10000, positions 250 and 8191. Of llama3's
// wavelengths (6, 63, 628 and 6283) two stay, one is between and one is long.
const scaled: readonly { scaling: RopeScaling; cos: number[]; sin: number[] }[] = [
  {
    scaling: { kind: 'linear', factor: 3 },
    cos: [
      ...[-0.08104158192873001, -0.4612046182155609, 0.6724122762680054, 0.996529757976532],
      ...[-0.9583923816680908, -0.9596039652824402, -0.5644723176956177, -0.9166182279586792],
    ],
    sin: [
      ...[0.9967107176780701, 0.887293815612793, 0.7401768565177917, 0.083236925303936],
      ...[-0.28545403480529785, 0.28135430812835693, 0.8254520297050476, 0.3997637629508972],
    ],
  },
  {
    scaling: {
      kind: 'llama3',
      factor: 4,
      lowFrequencyFactor: 1,
      highFrequencyFactor: 4,
      originalContext: 1000,
    },
    cos: [
      ...[0.24098829925060272, 0.9912028312683105, 0.5447390675544739, 0.9980475306510925],
      ...[-0.6463904976844788, -0.6557309627532959, 0.3855178952217102, -0.4590749740600586],
    ],
    sin: [
      ...[-0.9705280065536499, -0.13235175609588623, 0.8386055827140808, 0.0624593161046505],
      ...[-0.7630068063735962, 0.7549946308135986, 0.9227003455162048, 0.8883975148200989],
    ],
  },
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

  // Would catch frequencies that are scaled in double precision, or the low ones taken for the high.
  for (const { scaling, cos, sin } of scaled) {
    it(`scales frequencies like Hugging Face: ${scaling.kind}`, () => {
      const rows = new RotaryTable(8, 10000, scaling).rows(Int32Array.of(250, 8191));
      cos.forEach((value, index) => {
        assert.ok(Math.abs(value - (rows.cos[index] as number)) < 1e-7, `cos ${index}`);
        assert.ok(Math.abs((sin[index] as number) - (rows.sin[index] as number)) < 1e-7);
      });
    });
  }

  // Would catch a table that is rebuilt with other values, or too short, after it has grown.
  it('gives a position the same row in every batch', () => {
    const table = new RotaryTable(4, 500);
    const first = table.rows(Int32Array.from([3, 1]));
    const second = table.rows(Int32Array.from([90, 3]));
    assert.deepEqual(first.cos.subarray(0, 2), second.cos.subarray(2));
    assert.deepEqual(first.sin.subarray(0, 2), second.sin.subarray(2));
  });
});
