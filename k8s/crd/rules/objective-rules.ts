/** Rules of an objective, the job's own or a stage's. */
import type { ValidationRule } from '../schema/schema-types.js';
import { hasExactlyOne, hasNone, ruleOf, valueOr } from './cel.js';

const kindsOfNegatives = ['perUser', 'total', 'all'];

export const kindOf = (objective: string): string => valueOr(objective, 'kind', 'generative');

/** Whether there is an InfoNCE loss. */
export const isGenerative = (objective: string): string =>
  `(${kindOf(objective)} == 'generative' || ${objective}.?generativeWeight.orValue(1.0) > 0.0)`;

interface ObjectiveRule {
  readonly holds: (objective: string) => string;
  readonly message: string;
  readonly field: string;
}

const rules: readonly ObjectiveRule[] = [
  {
    holds: (of) =>
      `!has(${of}.negatives) || !${isGenerative(of)} || ${hasExactlyOne(kindsOfNegatives, `${of}.negatives`)}`,
    message: `must have exactly one of ${kindsOfNegatives.join(', ')}`,
    field: 'negatives',
  },
  {
    holds: (of) =>
      `!has(${of}.negatives) || ${isGenerative(of)} || ${hasNone(kindsOfNegatives, `${of}.negatives`)}`,
    message: 'must be left out, because generativeWeight is 0: nothing is compared with negatives',
    field: 'negatives',
  },
  {
    holds: (of) =>
      `!has(${of}.falseNegativeThreshold) || ${valueOr(of, 'falseNegatives', 'text')} == 'cosine'`,
    message: 'must be left out unless falseNegatives is cosine: only cosine has a threshold',
    field: 'falseNegativeThreshold',
  },
];

/** Of a stage's own objective. */
export const objectiveRules: readonly ValidationRule[] = rules.map(({ holds, message, field }) =>
  ruleOf(holds('self'), message, field),
);

/** Of `spec`: its objective counts unless all stages have their own. */
export const ownObjectiveRules: readonly ValidationRule[] = rules.map(({ holds, message, field }) =>
  ruleOf(
    `(has(self.stages) && self.stages.all(stage, has(stage.objective))) || ${holds('self.objective')}`,
    message,
    `objective.${field}`,
  ),
);

/** A rule about the objective of the job, or of each of its stages; of `spec`. */
export const everyObjective = (rule: (objective: string) => string): string =>
  `(has(self.stages) ? self.stages.all(stage, has(stage.objective) ? ${rule('stage.objective')} : ` +
  `${rule('self.objective')}) : ${rule('self.objective')})`;
