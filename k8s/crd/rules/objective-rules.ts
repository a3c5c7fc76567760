/** Rules of an objective, the job's own or a stage's. */
import type { ValidationRule } from '../schema/schema-types.js';
import { hasExactlyOne, hasNone, ruleOf, valueOr } from './cel.js';

const kindsOfNegatives = ['perUser', 'total', 'all'];

export const kindOf = (objective: string): string => valueOr(objective, 'kind', 'generative');

/** Whether there is an InfoNCE loss. */
export const isGenerative = (objective: string): string =>
  `(${kindOf(objective)} == 'generative' || ${objective}.?generativeWeight.orValue(1.0) > 0.0)`;

export const objectiveRules: readonly ValidationRule[] = [
  ruleOf(
    `!has(self.negatives) || !${isGenerative('self')} || ${hasExactlyOne(kindsOfNegatives, 'self.negatives')}`,
    `must have exactly one of ${kindsOfNegatives.join(', ')}`,
    'negatives',
  ),
  ruleOf(
    `!has(self.negatives) || ${isGenerative('self')} || ${hasNone(kindsOfNegatives, 'self.negatives')}`,
    'must be left out, because generativeWeight is 0: nothing is compared with negatives',
    'negatives',
  ),
  ruleOf(
    `!has(self.falseNegativeThreshold) || ${valueOr('self', 'falseNegatives', 'text')} == 'cosine'`,
    'must be left out unless falseNegatives is cosine: only cosine has a threshold',
    'falseNegativeThreshold',
  ),
];

/** A rule about the objective of the job, or of each of its stages; of `spec`. */
export const everyObjective = (rule: (objective: string) => string): string =>
  `(has(self.stages) ? self.stages.all(stage, has(stage.objective) ? ${rule('stage.objective')} : ` +
  `${rule('self.objective')}) : ${rule('self.objective')})`;
