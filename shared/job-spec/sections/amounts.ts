/** How much is trained: in a step, and altogether. */
import { z } from 'zod';
import { defaultEpochs, fewestSteps } from '../defaults.js';
import { derivedInteger, integer } from '../fields.js';

export const batch = z.strictObject({
  sequences: integer(
    '[1, 65536]',
    'Sequences of a step, over the whole cluster; the last step of an epoch has the rest.',
  ).default(64),
});

export const duration = z.strictObject({
  epochs: derivedInteger(
    '[1, 100000]',
    `${defaultEpochs}, more where these are fewer than ${fewestSteps} steps`,
    'Times that every sequence counts. At most one of `epochs` and `steps`.',
  ),
  steps: integer('[1, 1000000000]', 'Optimizer updates.').optional(),
});
