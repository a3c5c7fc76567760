/** How a gradient becomes an update. */
import { z } from 'zod';
import { choice, derivedInteger, derivedReal, pairOf, real } from '../fields.js';

export const optimizer = z.strictObject({
  kind: choice(['adamw'], 'AdamW with decoupled weight decay.').default('adamw'),
  learningRate: derivedReal(
    '(0, 1]',
    '0.003 x 64 / `model.item.hiddenSize`, at most 0.003',
    'The peak of the schedule. Wider models want less: 0.003 at a width of 64, 0.0001 at 2048.',
  ),
  betas: pairOf('[0, 1)', 'Decay of the first and the second moment.').default([0.9, 0.999]),
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
