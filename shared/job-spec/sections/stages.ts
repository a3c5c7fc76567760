/** Phases of one job: docs/training.md. */
import { z } from 'zod';
import { stagesMax } from '../../limits.js';
import { text } from '../fields.js';
import { batch, duration } from './amounts.js';
import { data } from './data.js';
import { objective } from './objective.js';
import { optimizer } from './optimizer.js';
import { train } from './train.js';

const stage = z.strictObject({
  name: text(
    /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
    63,
    'a name of 1 to 63 lower-case letters, digits and "-", with none of "-" at its ends',
    'Names the stage in the terminal, the history and the metrics; no two have the same.',
  ),
  objective: objective.optional(),
  data: z.strictObject({ sequences: data.shape.sequences }).optional(),
  optimizer: optimizer.optional(),
  batch: batch.optional(),
  duration: duration.prefault({}),
  train: z.strictObject({ item: train.optional(), user: train.optional() }).optional(),
});

export const stages = z
  .array(stage)
  .min(1)
  .max(stagesMax)
  .meta({
    description:
      'Phases of the training, one after the other: each goes on from the weights of the one before, ' +
      'with moments and a schedule that begin anew. Beside its `name` a stage has its own `duration`, ' +
      'and `objective`, `data.sequences`, `optimizer` and `batch` where they differ: what it gives ' +
      'stands for the whole of the job’s. `train.item` and `train.user` stand for `model.item.train` ' +
      'and `model.user.train`. One stage where it is left out.',
    rule: `a list of 1 to ${stagesMax} stages`,
  })
  .optional();
