/**
 * How a number type of a file becomes float32: in units that are decoded by themselves, one number
 * for plain types, a block for quantised ones.
 */
export interface Encoding {
  /** As the format calls it: `BF16`, `Q4_K`. */
  readonly dtype: string;
  /** Numbers of a unit. */
  readonly elements: number;
  /** Bytes of a unit. */
  readonly bytes: number;
  /** Decodes whole units: as many as `into` has room for. */
  decode(bytes: Uint8Array, into: Float32Array): void;
}
