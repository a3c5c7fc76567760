import type { RopeScaling } from '../model-config.js';

/**
 * Rotary position embedding: the angles of Llama, rounded where Hugging Face's float32 code rounds.
 * `Math.pow`, `Math.cos` and `Math.sin` are V8's own, so the table is the same on every machine.
 */
export interface RotaryRows {
  /** [T, D/2] */
  readonly cos: Float32Array;
  /** [T, D/2] */
  readonly sin: Float32Array;
}

/** Angles by position, computed once and copied into the rows of every batch. */
export class RotaryTable {
  readonly #frequencies: Float32Array;
  #cos = new Float32Array(0);
  #sin = new Float32Array(0);

  /** @param headSize D, even. */
  constructor(headSize: number, theta: number, scaling?: RopeScaling) {
    this.#frequencies = Float32Array.from({ length: headSize / 2 }, (_, pair) => {
      const exponent = Math.fround((2 * pair) / headSize);
      const frequency = Math.fround(1 / Math.fround(theta ** exponent));
      return scaling === undefined ? frequency : scaled(frequency, scaling);
    });
  }

  /** @param positions_T non-negative integers. */
  rows(positions_T: Int32Array): RotaryRows {
    const half = this.#frequencies.length;
    this.#growTo(positions_T.reduce((most, position) => Math.max(most, position), -1) + 1);
    const cos = new Float32Array(positions_T.length * half);
    const sin = new Float32Array(positions_T.length * half);
    positions_T.forEach((position, row) => {
      cos.set(this.#cos.subarray(position * half, (position + 1) * half), row * half);
      sin.set(this.#sin.subarray(position * half, (position + 1) * half), row * half);
    });
    return { cos, sin };
  }

  #growTo(positions: number): void {
    const half = this.#frequencies.length;
    if (positions * half <= this.#cos.length) return;
    const angle = (_: unknown, index: number): number =>
      Math.fround(Math.floor(index / half) * (this.#frequencies[index % half] as number));
    const angles = Float32Array.from({ length: positions * half }, angle);
    this.#cos = angles.map(Math.cos);
    this.#sin = angles.map(Math.sin);
  }
}

function scaled(frequency: number, scaling: RopeScaling): number {
  const { fround } = Math;
  const divided = fround(frequency / scaling.factor);
  if (scaling.kind === 'linear') return divided;
  const { lowFrequencyFactor: low, highFrequencyFactor: high, originalContext } = scaling;
  // A number over a tensor is, in PyTorch, the number times the reciprocal.
  const wavelength = fround(fround(1 / frequency) * fround(2 * Math.PI));
  if (wavelength > originalContext / low) return divided;
  if (wavelength < originalContext / high) return frequency;
  const periods = fround(fround(1 / wavelength) * originalContext);
  const smooth = fround(fround(periods - low) / (high - low));
  const divides = fround(fround(fround(1 - smooth) * frequency) / scaling.factor);
  return fround(divides + fround(smooth * frequency));
}
