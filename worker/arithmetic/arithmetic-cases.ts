/**
 * The contract test that every Arithmetic must pass, registered for one of them. Values include
 * subnormals, signed zeros, infinities and NaN, and lengths that no vector width divides.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AdamwUpdate, Arithmetic } from './arithmetic.js';

const lengths = [0, 1, 7, 15, 16, 17, 4095, 4096, 4097, 3 * 4096 + 5];

/** torch.optim.AdamW of torch 2.13: three updates of six parameters. */
const torchCase = {
  parameters: [0.5, -1.25, 3e-3, 2, -0, 1e-6],
  gradients: [
    [0.1, -0.2, 3, -4e-3, 1e-8, 0.7],
    [0.3, 0.25, -1.5, 2, -1e-8, 0],
    [-0.05, 1, 0.125, -2, 5e-4, -0.7],
  ],
  options: { learningRate: 0.01, beta1: 0.9, beta2: 0.98, eps: 1e-8, weightDecay: 0.1 },
  after: [
    [
      0.4895000159740448, -1.2387499809265137, -0.007003000937402248, 2.007999897003174,
      -0.005000000353902578, -0.009999002330005169,
    ],
    [
      0.47986772656440735, -1.2391369342803955, -0.009667075239121914, 1.9985994100570679,
      -0.004731842316687107, -0.016722001135349274,
    ],
    [
      0.4733741879463196, -1.244311809539795, -0.01197065319865942, 1.9970577955245972,
      -0.011054407805204391, -0.015846632421016693,
    ],
  ],
  firstMoments: [
    0.030100004747509956, 0.1062999963760376, 0.12050001323223114, -0.02032400108873844,
    4.9999915063381195e-5, -0.013300001621246338,
  ],
  secondMoments: [
    0.002006080001592636, 0.021993320435285568, 0.21728450059890747, 0.158400297164917,
    5.000000413701855e-9, 0.019211919978260994,
  ],
} as const;

/** Of the xxhash library, version 0.8: every path, from no byte to whole stripes and all kinds of rests. */
const hashCases: readonly (readonly [string, string])[] = [
  ['', 'ef46db3751d8e999'],
  ['a', 'd24ec4f1a98c6e5b'],
  ['abc', '44bc2cf5ad770999'],
  ['lock', '28833815e2372a1c'],
  ['lockstep', '82a52a01b2a31235'],
  ['lockstep 4711', '881b7aa7f01e0f38'],
  ['The quick brown fox jumps over ', '3f8d95ab32c127d9'],
  ['The quick brown fox jumps over t', 'e2bbc9136629a4ee'],
  ['The quick brown fox jumps over the lazy dog, and then once more, 7!', 'eb6604811554f332'],
];
const hashOfFloats = '8d77bc81f39698f6';

/** Any float32 there is, on shared memory: what the links thread and the optimizer really see. */
export function anyFloats(length: number, seed: number): Float32Array {
  const x = new Float32Array(new SharedArrayBuffer(length * 4));
  const bits = new Uint32Array(x.buffer);
  let state = seed >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bits[i] = state ^ (state >>> 15);
  }
  x.set([1e-45, -0, 0, Number.POSITIVE_INFINITY, Number.NaN, -1e-39].slice(0, length));
  return x;
}

/** Gradients and weights of an ordinary size, so that AdamW's results are not all infinite. */
export function ordinaryFloats(length: number, seed: number): Float32Array {
  return anyFloats(length, seed).map((_, i) => Math.sin(seed * 7.1 + i * 1.37) * 10 ** -(i % 9));
}

function assertNear(actual: Float32Array, expected: readonly number[]): void {
  expected.forEach((value, i) => {
    const error = Math.abs((actual[i] as number) - value);
    assert.ok(error <= 1e-6 * Math.abs(value), `${i}: ${actual[i]} for ${value}`);
  });
}

export function arithmeticContract(arithmetic: Arithmetic): void {
  const name = arithmetic.name;

  // Would catch a copy that takes the length in floats for the length in bytes, or goes past it.
  test(`${name} copies floats and bytes, inside shared memory too`, () => {
    const from = anyFloats(100, 4);
    const into = anyFloats(100, 5);
    const expected = into.slice();
    expected.set(from.subarray(20, 60), 30);
    arithmetic.copy(into.subarray(30, 70), from.subarray(20, 60));
    assert.deepEqual(into, expected);
    const bytes = Uint8Array.from([1, 2, 3, 4, 5]);
    arithmetic.copy(bytes.subarray(1, 4), bytes.subarray(0, 3));
    assert.deepEqual([...bytes], [1, 1, 2, 3, 5]);
    assert.throws(() => arithmetic.copy(bytes, new Uint8Array(6)), /into 5, from 6/);
  });

  // Would catch a vectorised loop that forgets its tail, or double rounding.
  test(`${name} adds every element, rounded once to float32`, () => {
    for (const length of lengths) {
      const a = anyFloats(length, length + 1);
      const b = anyFloats(length, length + 2);
      const expected = a.map((value, i) => Math.fround(value + (b[i] as number)));
      arithmetic.add(a, b);
      assert.deepEqual(a, expected);
    }
  });

  // Would catch a loop that reads the view's buffer from its start.
  test(`${name} stays inside the view that it is given`, () => {
    const memory = new Float32Array(40).fill(1);
    arithmetic.add(memory.subarray(3, 36), new Float32Array(33).fill(2));
    arithmetic.scale(memory.subarray(5, 34), 2);
    assert.deepEqual([...memory.subarray(0, 6)], [1, 1, 1, 3, 3, 6]);
    assert.deepEqual([...memory.subarray(33)], [6, 3, 3, 1, 1, 1, 1]);
  });

  // Would catch float32 accumulation, which loses small gradients behind large ones.
  test(`${name} sums squares within float64 accuracy`, () => {
    for (const length of lengths) {
      const x = ordinaryFloats(length, length + 3);
      let exact = 0;
      for (const value of x) exact += value * value;
      const sum = arithmetic.sumOfSquares(x);
      assert.ok(Math.abs(sum - exact) <= 1e-13 * exact, `${length}: ${sum} for ${exact}`);
    }
  });

  test(`${name} finds the first element that is not finite, wherever it is`, () => {
    fc.assert(
      fc.property(fc.nat(9000), fc.nat(9000), fc.boolean(), (a, b, nan) => {
        const x = new Float32Array(9001);
        assert.equal(arithmetic.firstNonFinite(x), -1);
        x[a] = nan ? Number.NaN : Number.POSITIVE_INFINITY;
        x[b] = Number.NEGATIVE_INFINITY;
        assert.equal(arithmetic.firstNonFinite(x), Math.min(a, b));
      }),
      { numRuns: 30 },
    );
    assert.equal(arithmetic.firstNonFinite(new Float32Array(0)), -1);
  });

  // Would catch rounding by cutting, a tie that goes up, and a NaN whose bits run over into a zero.
  test(`${name} packs floats as the nearest bfloat16 and brings them back`, () => {
    const bits = Uint32Array.of(
      0x3f808000,
      0x3f818000,
      0x3f808001,
      0x3f807fff,
      0x7f7fffff,
      0x80000001,
    );
    const packed = new Uint16Array(bits.length);
    arithmetic.packBfloat16(packed, new Float32Array(bits.buffer));
    assert.deepEqual([...packed], [0x3f80, 0x3f82, 0x3f81, 0x3f80, 0x7f80, 0x8000]);
    for (const length of lengths) {
      const x = anyFloats(length, length + 9);
      const low = new Uint16Array(length);
      const back = new Float32Array(length);
      arithmetic.packBfloat16(low, x);
      arithmetic.unpackBfloat16(back, low);
      x.forEach((value, i) => {
        const got = back[i] as number;
        // A subnormal is rounded to a multiple of the smallest one, 2^-133.
        const near = Math.abs(got - value) <= Math.max(Math.abs(value) * 2 ** -8, 2 ** -134);
        const overflows = Math.abs(value) >= 3.39e38;
        assert.ok(Object.is(got, value) || near || overflows || Number.isNaN(value), `${value}`);
        assert.equal(Number.isNaN(got), Number.isNaN(value));
      });
      const again = new Uint16Array(length);
      arithmetic.packBfloat16(again, back);
      assert.deepEqual(again, low);
    }
    assert.throws(() => arithmetic.packBfloat16(packed, new Float32Array(1)), /from 1/);
  });

  // Would catch a wrong bias correction, decay that is coupled to the gradient, or eps inside the root.
  test(`${name} updates as torch.optim.AdamW does`, () => {
    const parameters = Float32Array.from(torchCase.parameters);
    const firstMoments = new Float32Array(6);
    const secondMoments = new Float32Array(6);
    torchCase.gradients.forEach((gradients, index) => {
      arithmetic.adamw({
        ...torchCase.options,
        parameters,
        gradients: Float32Array.from(gradients, (value) => value * 4),
        firstMoments,
        secondMoments,
        step: index + 1,
        gradientScale: 0.25,
      });
      assertNear(parameters, torchCase.after[index] as readonly number[]);
    });
    assertNear(firstMoments, torchCase.firstMoments);
    assertNear(secondMoments, torchCase.secondMoments);
  });

  // Would catch NaN from 0 / 0 in the alignment gaps between parameters.
  test(`${name} leaves a zero parameter with a zero gradient at zero`, () => {
    const update = adamwUpdate(33, 1, 1);
    for (const vector of [update.parameters, update.gradients]) vector.fill(0);
    for (const vector of [update.firstMoments, update.secondMoments]) vector.fill(0);
    arithmetic.adamw(update);
    assert.deepEqual(update.parameters, new Float32Array(33));
  });

  // Would catch a hash that is one of our own: what these are of others compute too.
  test(`${name} hashes as XXH64 does`, () => {
    for (const [text, hash] of hashCases) {
      assert.equal(arithmetic.hash64(new TextEncoder().encode(text)), hash, text);
    }
    assert.equal(arithmetic.hash64(Float32Array.of(1, -2.5, 0)), hashOfFloats);
    const shared = new Float32Array(new SharedArrayBuffer(20)).subarray(1, 4);
    shared.set([1, -2.5, 0]);
    assert.equal(arithmetic.hash64(shared), hashOfFloats);
  });

  // Would catch bytes that no part of the hash depends on.
  test(`${name} gives another hash wherever one bit changes`, () => {
    const bytes = new Uint8Array(71);
    const hashes = new Set([arithmetic.hash64(bytes)]);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit >> 3] = 1 << (bit & 7);
      hashes.add(arithmetic.hash64(bytes));
      bytes[bit >> 3] = 0;
    }
    assert.equal(hashes.size, bytes.length * 8 + 1);
  });

  // Would catch a native loop that runs past the end of the shorter vector.
  test(`${name} refuses vectors of different lengths`, () => {
    const update = { ...adamwUpdate(8, 1, 1), secondMoments: new Float32Array(7) };
    assert.throws(() => arithmetic.adamw(update), /secondMoments 7/);
    assert.throws(() => arithmetic.add(new Float32Array(2), new Float32Array(3)), /other 3/);
  });
}

export function adamwUpdate(length: number, seed: number, step: number): AdamwUpdate {
  return {
    parameters: ordinaryFloats(length, seed),
    gradients: ordinaryFloats(length, seed + 1),
    firstMoments: ordinaryFloats(length, seed + 2),
    secondMoments: ordinaryFloats(length, seed + 3).map(Math.abs),
    learningRate: 3e-3,
    beta1: 0.9,
    beta2: 0.999,
    eps: 1e-8,
    weightDecay: 0.01,
    step,
    gradientScale: 0.37,
  };
}
