/**
 * Deterministic random numbers: the same bits on every machine and in every version of V8, because
 * nothing but 32-bit integer operations and IEEE 754 + - * / sqrt is used.
 *
 * A generator is derived from what it is for, `Random.for(seed, 'negatives', step)`, never from the
 * state of another one, so that nothing depends on the order in which things are computed.
 *
 * The generator is xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators", 2021), its state hashed from the derivation with the finaliser of MurmurHash3.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;
  /** The second of a pair of normal numbers; NaN where there is none. */
  #spare = Number.NaN;

  /** The four words of the state, not all zero. Use `Random.for` where no state is given. */
  constructor(a: number, b: number, c: number, d: number) {
    this.#a = a | 0;
    this.#b = b | 0;
    this.#c = c | 0;
    this.#d = d | 0;
  }

  /** @param numbers tell generators of one purpose apart: an epoch, a step. Safe integers, >= 0. */
  static for(seed: number, purpose: string, ...numbers: readonly number[]): Random {
    const words: number[] = [];
    const pushNumber = (value: number): void => {
      words.push(value | 0, Math.floor(value / 2 ** 32) | 0);
    };
    pushNumber(seed);
    // The length keeps ('ab', 1) and ('a', 'b' as a number) apart.
    words.push(purpose.length);
    for (let index = 0; index < purpose.length; index++) words.push(purpose.charCodeAt(index));
    numbers.forEach(pushNumber);
    return new Random(...hashed(words));
  }

  /** Uniform in [0, 2^32). */
  next(): number {
    const result = Math.imul(rotated(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotated(this.#d, 11);
    return result;
  }

  /** A uniform integer in [0, count), for a count in [1, 2^32]; every one equally likely. */
  below(count: number): number {
    // The first values are dropped of which the others would be hit once less often.
    const biased = 2 ** 32 % count;
    let word = this.next();
    while (word < biased) word = this.next();
    return word % count;
  }

  /** Uniform in [0, 1), in multiples of 2^-53. */
  uniform(): number {
    const high = this.next() >>> 5;
    const low = this.next() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** Normal with mean 0 and deviation 1, by Marsaglia's polar method. */
  normal(): number {
    if (!Number.isNaN(this.#spare)) {
      const spare = this.#spare;
      this.#spare = Number.NaN;
      return spare;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * naturalLogarithm(square)) / square);
      this.#spare = y * factor;
      return x * factor;
    }
  }

  /**
   * Fisher and Yates: every order equally likely. In place.
   *
   * @param from where an earlier call stopped, to do the work in portions: the values behind it are
   *   in their final places, and so are those behind `to` afterwards. The order is the same.
   */
  shuffle(values: Int32Array | Uint32Array, from = values.length - 1, to = 0): void {
    for (let last = from; last > to; last--) {
      const other = this.below(last + 1);
      const kept = values[last] as number;
      values[last] = values[other] as number;
      values[other] = kept;
    }
  }
}

const rotated = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

/** MurmurHash3's finaliser: a bijection in which every bit depends on every bit. */
function mixed(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * 128 bits of state. Each of the four words takes in every input word after a step of its own, and
 * one more round lets each depend on all four.
 */
function hashed(words: readonly number[]): [number, number, number, number] {
  let [a, b, c, d] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667];
  for (const word of words) {
    a = mixed(a ^ word);
    b = mixed((b + word) ^ a);
    c = mixed(c ^ rotated(word, 16) ^ b);
    d = mixed((d + rotated(word, 8)) ^ c);
  }
  a = mixed(a ^ d);
  b = mixed(b ^ a);
  c = mixed(c ^ b);
  d = mixed(d ^ c);
  // A state of zeros would stay zero for ever.
  return (a | b | c | d) === 0 ? [1, 0, 0, 0] : [a, b, c, d];
}

const scratch = new DataView(new ArrayBuffer(8));

/**
 * ln(x) for a normal, positive x, to about 1e-15. `Math.log` is up to the engine, and its last bit
 * has differed between machines; this is made of operations that IEEE 754 defines exactly.
 */
export function naturalLogarithm(x: number): number {
  // x = m 2^e with m in [1/sqrt 2, sqrt 2), then ln m = 2 artanh(s), s = (m - 1) / (m + 1).
  scratch.setFloat64(0, x);
  const high = scratch.getUint32(0);
  let exponent = (high >>> 20) - 1023;
  scratch.setUint32(0, (high & 0xfffff) | 0x3ff00000);
  let mantissa = scratch.getFloat64(0);
  if (mantissa >= Math.SQRT2) {
    mantissa /= 2;
    exponent++;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  // |s| < 0.172, so the term after the last one is below 1e-18.
  let sum = 0;
  for (let power = 23; power >= 1; power -= 2) sum = sum * square + 1 / power;
  return exponent * Math.LN2 + 2 * s * sum;
}
