/** How a gradient becomes an update. */
import { z } from 'zod';
import { choice, derivedInteger, derivedReal, pairOf, real } from '../fields.js';

/** Names of parameters fall into fewer kinds. */
const multipliersMax = 64;
/** More is a mistake: the learning rate itself is at most 1. */
const multiplierMax = 1000;

export const optimizer = z.strictObject({
  kind: choice(['adamw'], 'AdamW with decoupled weight decay.').default('adamw'),
  learningRate: derivedReal(
    '(0, 1]',
    '0.003 x 64 / `model.item.hiddenSize`, at most 0.003',
    'The peak of the schedule. Wider models want less: 0.003 at a width of 64, 0.0001 at 2048.',
  ),
  betas: pairOf('[0, 1)', 'Decay of the first and the second moment.').default([0.9, 0.999]),
  multipliers: z
    .array(
      z.strictObject({
        match: z
          .string()
          .max(200)
          .regex(/^[A-Za-z0-9_.*]{1,200}$/)
          .meta({
            rule: 'a parameter name of letters, digits, "_" and ".", with "*" for any others',
          }),
        factor: z.number().gt(0).max(multiplierMax),
      }),
    )
    .max(multipliersMax)
    .meta({
      description:
        'Factors of the learning rate for some parameters: `{match: "user_llm.*", factor: 0.1}`. `match` is ' +
        'a whole parameter name of the checkpoint, in which `*` stands for any characters; the first that ' +
        'matches a parameter counts. A factor of 0 is none: `train` says what does not train.',
      rule:
        `a list of at most ${multipliersMax} {match, factor}: a parameter name with *, and a number in ` +
        `(0, ${multiplierMax}]`,
    })
    .optional(),
  eps: real('(0, 1]', 'Added to the root of the second moment.').default(1e-8),
  weightDecay: real('[0, 1]', 'Share of a weight that a learning rate of one removes.').default(
    0.01,
  ),
  clipGradNorm: real(
    '(0, 1000000000]',
    'Largest global norm of the gradient; a longer one is scaled down to it.',
  ).default(1),
  schedule: z
    .strictObject({
      kind: choice(
        ['constant', 'linear', 'cosine'],
        'How the learning rate moves after the warm-up.',
      ).default('cosine'),
      warmupSteps: derivedInteger(
        '[0, 1000000000]',
        'a tenth of the steps, at most 2000; 0 for `constant`',
        'Steps in which the learning rate climbs from zero.',
      ),
      finalFraction: real('[0, 1]', 'Share of the peak that is left at the last step.').default(0),
    })
    .prefault({}),
});
