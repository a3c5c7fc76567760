/** What a step is trained for: docs/objectives.md. */
import { z } from 'zod';
import { choice, derivedReal, exactly, integer, kindOf, real } from '../fields.js';

const objectiveKind = kindOf(
  ['generative', 'early-fusion', 'late-fusion'],
  'What is learnt. `generative`: the next item, by InfoNCE over negatives. The other two tell wanted ' +
    'items from unwanted ones, by the cross-entropy of labelled targets: with `early-fusion` the user ' +
    'model reads the target behind the history, with `late-fusion` a head sees the target beside what ' +
    'the user model made of the history.',
);

const falseNegatives = {
  falseNegatives: choice(
    ['text', 'cosine', 'none'],
    'Which negatives are not held against the model: those whose text, as the model reads it, is ' +
      'that of the positive (the same item, or one that looks the same); those whose embedding is ' +
      'close to the positive’s, as in HLLM (embeddings that move together then take away their own ' +
      'negatives, and training can end in a loss of 0); or nobody.',
  ).default('text'),
  falseNegativeThreshold: derivedReal(
    '[-1, 1]',
    '0.99 for `cosine`',
    'A negative whose cosine with the positive exceeds this is left out; only for ' +
      '`falseNegatives: cosine`.',
  ),
};

const negatives = z.strictObject({
  perUser: integer(
    '[1, 65536]',
    'Negatives drawn for each sequence of a step; all sequences of the step share them. ' +
      'Exactly one of `perUser`, `total` and `all`; `total: 512` where `negatives` is left out.',
  ).optional(),
  total: integer('[1, 16777216]', 'Negatives drawn for a step.').optional(),
  all: exactly(true, 'Every item of the catalogue is a negative in every step.').optional(),
});

const usualNegatives: z.output<typeof negatives> = { total: 512 };

/** What the generative part of every objective has. */
const infoNce = {
  ...falseNegatives,
  temperature: z
    .strictObject({
      initial: real(
        '[0.01, 1]',
        'Where the learned temperature starts: `logit_scale` = ln(1 / initial), clamped to ' +
          '[0, ln 100].',
      ).default(0.07),
    })
    .prefault({}),
  normalisation: choice(
    ['global', 'lane'],
    'The loss of a step: the mean over all its predictions (and that over all its targets), or the ' +
      'mean of the lanes’ means.',
  ).default('global'),
};

const targetsKind = kindOf(
  ['data', 'sampled'],
  'Where labels come from. `data`: the dataset has them (`lockstep data import --label`). `sampled`: what ' +
    'follows a history is wanted, and items drawn at random are not.',
);

/** As many as 20 share one pass over the history at little cost. */
const usualTargets = 20;

const perUser = integer(
  '[1, 1024]',
  'Interactions behind a history that are its targets, at most. Consecutive histories are as many ' +
    'interactions apart, so each but a user’s first is a target once an epoch.',
).default(usualTargets);

const targets = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: targetsKind.byDefault('data'), perUser }),
    z.strictObject({
      kind: targetsKind.one('sampled'),
      perUser,
      negatives: integer(
        '[1, 1024]',
        'Unwanted targets drawn beside each wanted one, in training and in the evaluation: none that ' +
          'reads like an item of the user’s own.',
      ).default(4),
    }),
  ])
  .transform((given) => (given.kind === 'sampled' ? given : { ...given, kind: 'data' as const }));

const generative = z
  .strictObject({
    kind: objectiveKind.byDefault('generative'),
    negatives: negatives.prefault(usualNegatives),
    ...infoNce,
  })
  .transform((given) => ({ ...given, kind: 'generative' as const, ...withThreshold(given) }));

const fusion = z
  .strictObject({
    kind: objectiveKind.one('early-fusion', 'late-fusion'),
    generativeWeight: real(
      '[0, 1000]',
      'Factor of the generative loss beside the cross-entropy: λ in L = λ L_gen + L_cls of HLLM ' +
        '(arXiv:2409.12740); 1 adds the two as they are. With 0 there is no generative part, and ' +
        'there are no `negatives`.',
    ).default(1),
    targets: targets.prefault({}),
    negatives: negatives.optional(),
    ...infoNce,
  })
  .transform((given) => ({
    ...given,
    negatives: given.negatives ?? (given.generativeWeight === 0 ? {} : usualNegatives),
    ...withThreshold(given),
  }));

const withThreshold = (given: {
  readonly falseNegatives: string;
  readonly falseNegativeThreshold?: number | undefined;
}): { falseNegativeThreshold?: number } =>
  given.falseNegatives === 'cosine'
    ? { falseNegativeThreshold: given.falseNegativeThreshold ?? 0.99 }
    : {};

export const objective = z.discriminatedUnion('kind', [generative, fusion]);

export type Objective = z.output<typeof objective>;
export type FusionObjective = Exclude<Objective, { readonly kind: 'generative' }>;

/** Factor of the InfoNCE loss; 0 where an objective has no such part. */
export const generativeWeight = (given: Objective): number =>
  given.kind === 'generative' ? 1 : given.generativeWeight;
