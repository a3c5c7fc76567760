import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { naturalLogarithm, Random } from './random.js';

const take = (random: Random, count: number): number[] =>
  Array.from({ length: count }, () => random.next());

// Catches: a generator that is merely similar to the published one. The numbers are those that the
// authors' C program gives for the state 1, 2, 3, 4.
test('the words are those of xoshiro128**', () => {
  assert.deepEqual(
    take(new Random(1, 2, 3, 4), 8),
    [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849],
  );
});

// Catches: any change of the numbers, which would silently change every plan and every first weight.
test('derived generators keep their numbers', () => {
  assert.deepEqual(take(Random.for(1, 'negatives', 0), 3), [3604115267, 2378268173, 304729015]);
  const normal = Random.for(7, 'weights');
  assert.deepEqual(
    [normal.normal(), normal.normal(), normal.normal()],
    [0.28885982233047014, 1.6045615195199223, -0.4564299069431522],
  );
});

// Catches: a derivation that drops a part of the seed, a letter, a number or its upper half.
test('different derivations give different streams', () => {
  const seen = new Set<string>();
  const add = (random: Random): void => void seen.add(take(random, 4).join());
  let count = 0;
  for (const seed of [0, 1, 2, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 33]) {
    for (const purpose of ['', 'a', 'ab', 'ba', 'order', 'negatives']) {
      for (let step = 0; step < 200; step++) {
        add(Random.for(seed, purpose, step));
        add(Random.for(seed, purpose, step, 0));
        add(Random.for(seed, purpose, step + 2 ** 32));
        count += 3;
      }
    }
  }
  assert.equal(seen.size, count);
});

// Catches: neighbouring seeds whose first numbers resemble each other; the steps of a job are such.
test('first numbers of consecutive steps are uniform', () => {
  const counts = new Int32Array(64);
  const draws = 64_000;
  for (let step = 0; step < draws; step++) {
    const bucket = Random.for(1, 'negatives', step).below(64);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  assert.ok(chiSquared(counts, draws) < 120, 'the 99.99 % bound for 63 degrees is 113');
});

// Catches: modulo bias (a count of 3 x 2^30 would hit its lower half twice as often).
test('below() is uniform where the count does not divide 2^32', () => {
  const count = 3 * 2 ** 30;
  const counts = new Int32Array(3);
  const random = Random.for(1, 'test');
  for (let draw = 0; draw < 30_000; draw++) {
    const third = Math.floor(random.below(count) / 2 ** 30);
    counts[third] = (counts[third] ?? 0) + 1;
  }
  assert.ok(chiSquared(counts, 30_000) < 19, 'the 99.99 % bound for 2 degrees is 18.4');
});

test('below() stays within its range', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, count) => {
      const value = Random.for(seed, 'test').below(count);
      return Number.isInteger(value) && value >= 0 && value < count;
    }),
  );
});

// Catches: a shuffle that loses values, or favours orders (the classic: swapping with any place).
test('every order of a shuffle is equally likely', () => {
  const counts = new Map<string, number>();
  const random = Random.for(3, 'test');
  for (let draw = 0; draw < 24_000; draw++) {
    const values = Int32Array.of(0, 1, 2, 3);
    random.shuffle(values);
    counts.set(values.join(), (counts.get(values.join()) ?? 0) + 1);
  }
  assert.equal(counts.size, 24);
  assert.ok(chiSquared(Int32Array.from(counts.values()), 24_000) < 60, '99.99 % bound: 56.6');
});

// Catches: a wrong scale, a lost sign or a lost second number of a pair.
test('normal numbers have the moments of the normal distribution', () => {
  const random = Random.for(5, 'test');
  const draws = 200_000;
  const sums = [0, 0, 0, 0];
  let beyondTwo = 0;
  for (let draw = 0; draw < draws; draw++) {
    const value = random.normal();
    for (let power = 1; power <= 4; power++) sums[power - 1] = sums[power - 1]! + value ** power;
    if (Math.abs(value) > 2) beyondTwo++;
  }
  const [mean, variance, skew, kurtosis] = sums.map((sum) => sum / draws);
  assert.ok(Math.abs(mean!) < 0.01 && Math.abs(variance! - 1) < 0.015);
  assert.ok(Math.abs(skew!) < 0.03 && Math.abs(kurtosis! - 3) < 0.08);
  assert.ok(Math.abs(beyondTwo / draws - 0.0455) < 0.002);
});

// Catches: an error of the series near 1, at the seam of the mantissa, or in the exponent.
test('the logarithm is right to the last digits', () => {
  const close = (x: number): boolean => {
    const expected = Math.log(x);
    return Math.abs(naturalLogarithm(x) - expected) <= 4e-15 * Math.max(Math.abs(expected), 0.25);
  };
  fc.assert(fc.property(fc.double({ min: 1e-300, max: 1, noNaN: true }), close));
  for (const x of [1, 0.5, Math.SQRT1_2, 1 - 2 ** -53, 2 ** -106, Math.SQRT2])
    assert.ok(close(x), `${x}`);
});

function chiSquared(counts: Int32Array, draws: number): number {
  const expected = draws / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}
