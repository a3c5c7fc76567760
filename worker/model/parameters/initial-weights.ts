import { naturalLogarithm, Random } from '../../../shared/random.js';
import { logitScaleName, type ParameterEntry, type ParameterLayout } from './parameter-layout.js';
import { adapterMatrix } from './what-trains.js';

export interface Initialisation {
  readonly seed: number;
  /** The logits' scale starts at its inverse. */
  readonly temperature: number;
  /** Standard deviation; Hugging Face's `initializer_range`, 0.02 there. */
  readonly deviation: number;
}

/**
 * The flat parameters before the first step: norms one, biases zero, `logit_scale`
 * ln(1 / temperature), adapters without effect, all else normal. Every parameter has a generator of its
 * own, derived from its name, so its values depend on the seed and on nothing else in the model.
 */
export function initialWeights(
  layout: ParameterLayout,
  initialisation: Initialisation,
): Float32Array {
  const flat = new Float32Array(layout.length);
  fillInitialWeights(layout, flat, initialisation);
  return flat;
}

/** The same in memory of the caller's, all zero. @param isGiven whose values come from elsewhere. */
export function fillInitialWeights(
  layout: ParameterLayout,
  flat: Float32Array,
  { seed, temperature, deviation }: Initialisation,
  isGiven: (name: string) => boolean = () => false,
): void {
  for (const entry of layout.entries) {
    if (isGiven(entry.name)) continue;
    const values = layout.view(flat, entry.name);
    if (adapterMatrix(entry.name) !== null) fillAdapter(entry, values, seed);
    else if (entry.name === logitScaleName) values.fill(-naturalLogarithm(temperature));
    else if (isNorm(entry)) values.fill(1);
    else if (!isBias(entry))
      fillNormal(values, deviation, Random.for(seed, `weights ${entry.name}`));
  }
}

/**
 * As in Hugging Face's PEFT: B is zero, so the model computes what it did without, and A uniform in
 * +-1 / sqrt(in) (Kaiming's with a = sqrt(5)).
 */
export function fillAdapter(
  { name, shape }: ParameterEntry,
  values: Float32Array,
  seed: number,
): void {
  values.fill(0);
  if (adapterMatrix(name) === 'B') return;
  const bound = 1 / Math.sqrt(shape[1] as number);
  const random = Random.for(seed, `weights ${name}`);
  for (let index = 0; index < values.length; index++) {
    values[index] = bound * (2 * random.uniform() - 1);
  }
}

const isNorm = ({ name }: ParameterEntry): boolean => name.endsWith('norm.weight');
const isBias = ({ name }: ParameterEntry): boolean => name.endsWith('.bias');

function fillNormal(values: Float32Array, deviation: number, random: Random): void {
  for (let index = 0; index < values.length; index++) {
    values[index] = deviation * random.normal();
  }
}
