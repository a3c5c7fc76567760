/** What became of operators' requests: entries of a run's log, each with the request's `id`. */
import { z } from 'zod';
import { incarnation } from '../../membership/generation-record.js';
import { count, path, text } from '../report-fields.js';
import { requestBy, requestId } from './request-fields.js';

const asked = { by: requestBy, id: requestId };

export const requestKinds = ['pause', 'go-on', 'checkpoint', 'drain'] as const;

export const operatorEntries = [
  /** No plan is published beyond these steps: once they are committed the run stands. */
  z.strictObject({
    kind: z.literal('paused'),
    ...asked,
    /** When it was asked. */
    committedSteps: count,
    standsAt: count,
  }),
  z.strictObject({ kind: z.literal('went-on'), ...asked }),
  z.strictObject({
    kind: z.literal('asked-checkpoint'),
    ...asked,
    /** At least of so many steps; `checkpointed` tells when it is there. */
    steps: count,
    /** One of so many steps is there already; null where it is still to be written. */
    path: path.nullable(),
  }),
  /** This process of the worker hands over and ends; another one of its name may come. */
  z.strictObject({
    kind: z.literal('draining'),
    ...asked,
    worker: z.string().max(128),
    incarnation,
    /** Of the newest generation: another one will go on without it. */
    isMember: z.boolean(),
  }),
  /** What was asked cannot be done, and nothing was changed. */
  z.strictObject({
    kind: z.literal('refused-request'),
    ...asked,
    request: z.enum(requestKinds),
    reason: text,
  }),
] as const;
