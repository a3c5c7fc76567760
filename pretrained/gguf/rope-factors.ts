/**
 * Llama 3.1's rotary scaling in GGUF: the converter writes no settings but what each frequency is
 * divided by (`rope_freqs.weight`, [D/2]). The settings are found again where they are those that all
 * models of the family have, and the tensor is what follows from them.
 *
 * Source: `_compute_llama3_parameters` of `transformers`, `LlamaModel.generate_extra_tensors` of
 * llama.cpp's converter.
 */
import type { PretrainedDecoder, RopeScaling } from '../pretrained-config.js';
import { UnsupportedError } from '../pretrained-error.js';

export const ropeFactorsName = 'rope_freqs.weight';

/** Of every Llama 3.1, 3.2 and 3.3. */
const llama3 = { lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 8192 } as const;

/** @throws UnsupportedError where no settings of the family give these factors */
export function scalingOfFactors(
  factors: Float32Array,
  { headSize, ropeTheta }: Pick<PretrainedDecoder, 'headSize' | 'ropeTheta'>,
): RopeScaling | null {
  if (factors.every((factor) => factor === 1)) return null;
  const factor = factors.reduce((most, one) => Math.max(most, one), 0);
  const fits =
    factors.length === headSize / 2 &&
    factors.every((given, pair) => {
      const wavelength = 2 * Math.PI * ropeTheta ** ((2 * pair) / headSize);
      return Math.abs(given - factorOf(wavelength, factor)) <= tolerance * given;
    });
  if (fits) return { kind: 'llama3', factor, ...llama3 };
  throw new UnsupportedError(
    `its tensor "${ropeFactorsName}" holds other factors than Llama 3.1's rotary scaling has`,
  );
}

/** The converter computes in float32. */
const tolerance = 1e-4;

function factorOf(wavelength: number, factor: number): number {
  const { lowFrequencyFactor: low, highFrequencyFactor: high, originalContext } = llama3;
  const turns = originalContext / wavelength;
  if (turns > high) return 1;
  if (turns < low) return factor;
  const smooth = (turns - low) / (high - low);
  return 1 / ((1 - smooth) / factor + smooth);
}
