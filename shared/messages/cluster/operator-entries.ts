/** What became of operators' requests: entries of a run's log, each with the request's `id`. */
import { z } from 'zod';
import { incarnation } from '../../membership/generation-record.js';
import { count, text } from '../report-fields.js';
import { requestBy, requestId } from './request-fields.js';

const asked = { by: requestBy, id: requestId };

export const requestKinds = ['pause', 'go-on', 'checkpoint', 'drain'] as const;

export const operatorEntries = [
  /** No plan is published beyond these steps: once they are committed the run stands. */
  z.strictObject({ kind: z.literal('paused'), ...asked, standsAt: count }),
  z.strictObject({ kind: z.literal('went-on'), ...asked }),
  /** A checkpoint of at least so many steps is to be written; `checkpointed` tells when it is. */
  z.strictObject({ kind: z.literal('asked-checkpoint'), ...asked, steps: count }),
  /** This process of the worker hands over and ends; another one of its name may come. */
  z.strictObject({
    kind: z.literal('draining'),
    ...asked,
    worker: z.string().max(128),
    incarnation,
  }),
  /** What was asked cannot be done, and nothing was changed. */
  z.strictObject({
    kind: z.literal('refused-request'),
    ...asked,
    request: z.enum(requestKinds),
    reason: text,
  }),
] as const;
