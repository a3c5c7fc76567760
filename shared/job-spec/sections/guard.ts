/** What becomes of a training whose embeddings collapse. docs/guard.md says how that is noticed. */
import { z } from 'zod';
import { choice, integer, real } from '../fields.js';

const change = z.strictObject({
  falseNegatives: choice(
    ['text', 'none'],
    'Goes on with this `objective.falseNegatives`: with neither, embeddings that move together take ' +
      'away their own negatives.',
  ).optional(),
  learningRateFactor: real(
    '(0, 1)',
    'Goes on with this share of the learning rate: of the changed one, where it was changed before.',
  ).optional(),
  times: integer(
    '[1, 16]',
    'Collapses after which training goes on; the next one stops it.',
  ).default(2),
});

export const guard = z.strictObject({
  action: choice(
    ['off', 'warn', 'stop', 'continue'],
    'What follows from a collapse: nothing; a warning; a warning, and an end at the last healthy ' +
      'checkpoint once it is certain; or instead of the end `change`, with the weights of that ' +
      'checkpoint.',
  ).default('stop'),
  change: change.optional(),
});
