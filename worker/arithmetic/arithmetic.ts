/**
 * Loops over whole vectors that members must do to the same last bit. Two implementations, one in
 * C++ and one in JavaScript: the contract is the order of operations written here, with every
 * float32 operation rounded to nearest on its own (nothing fused, nothing flushed to zero).
 * The payload of a NaN is not part of it. Vectors may lie in shared memory.
 */
export interface Arithmetic {
  readonly name: 'native' | 'javascript';

  /**
   * Copies from[i] to into[i], as `into.set(from)` does, which V8 does word by word where one of
   * them lies in shared memory.
   *
   * @throws RangeError where the lengths differ.
   */
  copy<Vector extends Float32Array | Uint8Array>(into: Vector, from: Vector): void;

  /** into[i] += other[i]. @throws RangeError where the lengths differ. */
  add(into: Float32Array, other: Float32Array): void;

  /**
   * Sum of x[i]^2 in float64. Blocks of 4,096: inside a block, element i goes to accumulator
   * i mod 16, and the accumulators are folded 8, 4, 2, 1; the blocks are added in the binary tree
   * of shared/reduction/reduction-tree.ts.
   */
  sumOfSquares(x: Float32Array): number;

  /** x[i] *= factor, with the factor rounded to float32 first. */
  scale(x: Float32Array, factor: number): void;

  /** Index of the first infinity or NaN; -1 where there is none. */
  firstNonFinite(x: Float32Array): number;

  /**
   * into[i] = the bfloat16 nearest to from[i], ties to even, as its 16 bits; a NaN stays one.
   *
   * @throws RangeError where the lengths differ.
   */
  packBfloat16(into: Uint16Array, from: Float32Array): void;

  /** The reverse, exact. @throws RangeError where the lengths differ. */
  unpackBfloat16(into: Float32Array, from: Uint16Array): void;

  /** One update of AdamW in place; see `AdamwUpdate` for the order of operations. */
  adamw(update: AdamwUpdate): void;

  /**
   * XXH64 of the bytes as they lie in memory, with seed 0, as 16 hexadecimal digits: Collet's xxHash
   * fast digest algorithm, section "XXH64 algorithm description" of its specification 0.2.0
   * (github.com/Cyan4973/xxHash, doc/xxhash_spec.md). Against accidents, not against attackers.
   */
  hash64(bytes: Float32Array | Uint8Array): string;
}

/**
 * AdamW with decoupled weight decay and bias correction, as torch.optim.AdamW (Loshchilov and
 * Hutter 2019, algorithm 2). The scalars below are computed in float64 and rounded to float32 once:
 *
 *     g = gradients[i] * gradientScale
 *     p = parameters[i] * (1 - learningRate * weightDecay)
 *     m = firstMoments[i];  m = m + (1 - beta1) * (g - m)
 *     v = secondMoments[i] * beta2 + ((1 - beta2) * g) * g
 *     d = sqrt(v) / sqrt(1 - beta2^step) + eps
 *     p = p + ((-learningRate / (1 - beta1^step)) * m) / d
 *
 * `gradients` is only read.
 */
export interface AdamwUpdate {
  readonly parameters: Float32Array;
  readonly gradients: Float32Array;
  readonly firstMoments: Float32Array;
  readonly secondMoments: Float32Array;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  /** 1 for the first update. */
  readonly step: number;
  /** Factor of every gradient, from clipping; 1 changes nothing. */
  readonly gradientScale: number;
}
