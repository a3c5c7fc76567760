/** Rules between the fields of one decoder. */
import type { JobProblem } from '../../errors.js';
import type { TrainingJob } from '../schema.js';
import { brokenRule } from './problems.js';

type Decoder = TrainingJob['spec']['model']['item'];

/** @param path of the decoder's section. Empty where the decoder keeps all of them. */
export const decoderRules = (path: string, decoder: Decoder): JobProblem[] => [
  ...headRules(path, decoder),
  ...lastLayers(`${path}.train.layers`, decoder),
  ...(decoder.ropeScaling === undefined
    ? []
    : scalingRules(`${path}.ropeScaling`, decoder.ropeScaling)),
];

function headRules(path: string, decoder: Decoder): JobProblem[] {
  const { hiddenSize, heads, keyValueHeads, headSize } = decoder;
  const problems: JobProblem[] = [];
  // Rotary positions turn pairs of numbers, so a head needs an even count of them.
  if (headSize === undefined && hiddenSize % (2 * heads) !== 0) {
    const rule = `a multiple of twice the heads (${heads})`;
    problems.push(brokenRule(`${path}.hiddenSize`, rule, hiddenSize));
  }
  if (headSize !== undefined && headSize % 2 !== 0) {
    problems.push(brokenRule(`${path}.headSize`, 'even', headSize));
  }
  if (heads % keyValueHeads !== 0) {
    problems.push(
      brokenRule(`${path}.keyValueHeads`, `a divisor of heads (${heads})`, keyValueHeads),
    );
  }
  return problems;
}

function lastLayers(path: string, { train, layers }: Decoder): JobProblem[] {
  if (train?.kind !== 'last' || train.layers <= layers) return [];
  return [brokenRule(path, `at most the ${layers} layers of the model`, train.layers)];
}

const onlyLlama3 = ['lowFrequencyFactor', 'highFrequencyFactor', 'originalContext'] as const;

function scalingRules(path: string, scaling: NonNullable<Decoder['ropeScaling']>): JobProblem[] {
  const { kind, lowFrequencyFactor: low, highFrequencyFactor: high } = scaling;
  const rule = kind === 'llama3' ? 'given for llama3' : `left out for ${kind}`;
  const problems = onlyLlama3
    .filter((name) => (scaling[name] === undefined) === (kind === 'llama3'))
    .map((name) => brokenRule(`${path}.${name}`, rule, scaling[name]));
  if (low !== undefined && high !== undefined && high <= low) {
    const rule = `larger than lowFrequencyFactor, ${low}`;
    problems.push(brokenRule(`${path}.highFrequencyFactor`, rule, high));
  }
  return problems;
}
