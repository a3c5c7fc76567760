/** What is trained on. */
import { z } from 'zod';
import { choice, integer, text } from '../fields.js';

export const data = z.strictObject({
  dataset: text(
    /^[a-z0-9][a-z0-9-]{0,62}$/,
    63,
    'a name of lower-case letters, digits and "-"',
    'Name of a built-in dataset (`movielens-100k`), fetched and built when it is absent. ' +
      'Exactly one of `dataset` and `path`.',
  ).optional(),
  path: text(
    /^[^\0]+$/,
    4096,
    'a path of 1 to 4096 characters',
    'Folder of a dataset that `lockstep data` has built.',
  ).optional(),
  sequences: z
    .strictObject({
      maxLength: integer(
        '[1, 8192]',
        'Items that the user model reads; a training sequence has at most one more.',
      ).default(50),
      longer: choice(
        ['windows', 'last'],
        'What becomes of a longer history: consecutive windows that predict every item once, ' +
          'or only its last window.',
      ).default('windows'),
    })
    .prefault({}),
});
