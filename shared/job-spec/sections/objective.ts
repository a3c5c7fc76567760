/** What a step is trained for. */
import { z } from 'zod';
import { choice, derivedReal, exactly, integer, real } from '../fields.js';

export const objective = z
  .strictObject({
    kind: choice(['generative'], 'Next-item prediction by InfoNCE over negatives.').default(
      'generative',
    ),
    negatives: z
      .strictObject({
        perUser: integer(
          '[1, 65536]',
          'Negatives drawn for each sequence of a step; all sequences of the step share them. ' +
            'Exactly one of `perUser`, `total` and `all`; `total: 512` where `negatives` is left out.',
        ).optional(),
        total: integer('[1, 16777216]', 'Negatives drawn for a step.').optional(),
        all: exactly(true, 'Every item of the catalogue is a negative in every step.').optional(),
      })
      .prefault({ total: 512 }),
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
      'The loss of a step: the mean over all its predictions, or the mean of the lanes’ means.',
    ).default('global'),
  })
  .transform((given) => ({
    ...given,
    ...(given.falseNegatives === 'cosine' && {
      falseNegativeThreshold: given.falseNegativeThreshold ?? 0.99,
    }),
  }));
