/** Checkpoints and the evaluations that choose among them. */
import { z } from 'zod';
import { ascending, choice, integer, text } from '../fields.js';

export const checkpoint = z.strictObject({
  everySteps: integer(
    '[1, 1000000000]',
    'Committed steps between checkpoints; one is always written at the end.',
  ).default(50),
  keep: integer('[1, 1000]', 'Newest checkpoints that stay on disk.').default(2),
  best: text(
    /^((recall|ndcg)@[1-9]\d{0,4}|mrr|auc|gauc|logloss)$/,
    12,
    '`mrr`, or `recall@K` or `ndcg@K` of a cutoff K, or `auc`, `gauc` or `logloss`',
    'A metric of the validation split: the checkpoint that is best by it stays on disk beside the ' +
      'newest ones, and is evaluated at the end too. Needs `evaluation.everySteps`. The last three ' +
      'need an objective with targets (`gauc` sampled ones, because one label is held out of each ' +
      'user), the others one that has a generative part.',
  ).optional(),
});

export const evaluation = z.strictObject({
  cutoffs: ascending('[1, 10000]', 16, 'Recall and NDCG are reported at these ranks.').default([
    5, 10, 50, 200,
  ]),
  everySteps: integer(
    '[1, 1000000000]',
    'Committed steps between evaluations of the validation split while training goes on; one ' +
      'comes after the last step. None where it is left out. Never changes the weights.',
  ).optional(),
  patience: integer(
    '[1, 1000000000]',
    'Evaluations in a row in which `checkpoint.best` does not improve, after which training ' +
      'ends. Never where it is left out.',
  ).optional(),
  repeats: choice(
    ['allow', 'count', 'exclude'],
    'A user whose held-out item stands in the own history: `allow` asks for it like for any ' +
      'other (what is asked for is never masked), `count` counts it as missed, as HLLM does, ' +
      'and `exclude` leaves the user out.',
  ).default('allow'),
});
