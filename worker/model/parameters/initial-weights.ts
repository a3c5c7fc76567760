import { naturalLogarithm, Random } from '../../../shared/random.js';
import { logitScaleName, type ParameterEntry, type ParameterLayout } from './parameter-layout.js';

export interface Initialisation {
  readonly seed: number;
  /** The logits' scale starts at its inverse. */
  readonly temperature: number;
  /** Standard deviation; Hugging Face's `initializer_range`, 0.02 there. */
  readonly deviation: number;
}

/**
 * The flat parameters before the first step: norms one, biases zero, `logit_scale`
 * ln(1 / temperature), all else normal. Every parameter has a generator of its own, derived from its name, so
 * its values depend on the seed and on nothing else in the model.
 */
export function initialWeights(
  layout: ParameterLayout,
  { seed, temperature, deviation }: Initialisation,
): Float32Array {
  const flat = new Float32Array(layout.length);
  for (const entry of layout.entries) {
    const values = layout.view(flat, entry.name);
    if (entry.name === logitScaleName) values.fill(-naturalLogarithm(temperature));
    else if (isNorm(entry)) values.fill(1);
    else if (!isBias(entry))
      fillNormal(values, deviation, Random.for(seed, `weights ${entry.name}`));
  }
  return flat;
}

const isNorm = ({ name }: ParameterEntry): boolean => name.endsWith('norm.weight');
const isBias = ({ name }: ParameterEntry): boolean => name.endsWith('_proj.bias');

function fillNormal(values: Float32Array, deviation: number, random: Random): void {
  for (let index = 0; index < values.length; index++) {
    values[index] = deviation * random.normal();
  }
}
