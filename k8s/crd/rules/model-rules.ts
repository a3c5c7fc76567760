/** Rules of both towers. A pretrained model decides the shapes of its tower: only the pods can open it. */
import type { ValidationRule } from '../schema/schema-types.js';
import { isGiven, ruleOf, valueOr } from './cel.js';
import { absolutePath } from './cluster-rules.js';

/** The schema's defaults, which are not written into the object. */
const defaults = { hiddenSize: 64, heads: 4, layers: 2 };

const size = valueOr('self', 'hiddenSize', defaults.hiddenSize);
const heads = valueOr('self', 'heads', defaults.heads);

const unlessPretrained = (rule: string): string => `has(self.pretrained) || ${rule}`;

export const decoderRules: readonly ValidationRule[] = [
  // Rotary positions turn pairs of numbers, so a head needs an even count of them.
  ruleOf(
    unlessPretrained(`has(self.headSize) || ${size} % (2 * ${heads}) == 0`),
    'must be a multiple of twice the heads, unless headSize says how large they are',
    'hiddenSize',
  ),
  ruleOf(
    unlessPretrained('!has(self.headSize) || self.headSize % 2 == 0'),
    'must be even',
    'headSize',
  ),
  ruleOf(
    unlessPretrained(`!has(self.keyValueHeads) || ${heads} % self.keyValueHeads == 0`),
    'must be a divisor of heads',
    'keyValueHeads',
  ),
  ruleOf(
    unlessPretrained(
      `!${isGiven('self', 'train.layers')} || ` +
        `self.train.layers <= ${valueOr('self', 'layers', defaults.layers)}`,
    ),
    'must be at most the layers of the model',
    'train.layers',
  ),
];

const onlyLlama3 = ['lowFrequencyFactor', 'highFrequencyFactor', 'originalContext'];

export const ropeScalingRules: readonly ValidationRule[] = [
  ...onlyLlama3.map((name) =>
    ruleOf(
      `has(self.${name}) == (self.kind == 'llama3')`,
      'must be given for the kind llama3 and left out for others',
      name,
    ),
  ),
  ruleOf(
    '!has(self.lowFrequencyFactor) || !has(self.highFrequencyFactor) || ' +
      'self.highFrequencyFactor > self.lowFrequencyFactor',
    'must be larger than lowFrequencyFactor',
    'highFrequencyFactor',
  ),
];

export const pretrainedRules: readonly ValidationRule[] = [absolutePath('path')];

export const modelRules: readonly ValidationRule[] = [
  ruleOf(
    `${isGiven('self', 'item.pretrained')} || ${isGiven('self', 'user.pretrained')} || ` +
      `${valueOr('self', 'item.hiddenSize', defaults.hiddenSize)} == ` +
      valueOr('self', 'user.hiddenSize', defaults.hiddenSize),
    'must be that of model.item, because the user model reads its embeddings',
    'user.hiddenSize',
  ),
];

/** Layers of a tower, as `spec` has them: for the rules of stages. */
export const layersOf = (tower: 'item' | 'user'): string =>
  valueOr('self', `model.${tower}.layers`, defaults.layers);
