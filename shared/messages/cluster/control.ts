/**
 * What commands ask of whoever leads a run. Said again until the run's log shows that it was taken or
 * refused; taken once, however often it is said.
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { decodeMessage, encodeMessage } from './message-codec.js';
import { requestBy, requestId } from './request-fields.js';

const asked = {
  /** Who asks, for people. */
  by: requestBy,
  /** Of this request: the log's entry has it, so that a late repetition is known as one. */
  id: requestId,
};

const control = z.discriminatedUnion('kind', [
  /** Finish the step, write a checkpoint, end. */
  z.strictObject({ kind: z.literal('stop'), by: requestBy }),
  /** Begin no step beyond those whose plans are out, and keep what is held. */
  z.strictObject({ kind: z.literal('pause'), ...asked }),
  /** Train on after a pause. */
  z.strictObject({ kind: z.literal('go-on'), ...asked }),
  /** Write a checkpoint after this step. */
  z.strictObject({ kind: z.literal('checkpoint'), ...asked }),
  /** This worker hands over by a planned change and ends; the run goes on without it. */
  z.strictObject({ kind: z.literal('drain'), worker: z.string().max(128), ...asked }),
]);

export type ControlMessage = z.infer<typeof control>;
/** What can be asked for and the run goes on. */
export type OperatorRequest = Exclude<ControlMessage, { kind: 'stop' }>;

/** Of a new request. */
export const newRequestId = (): string => randomBytes(8).toString('hex');

export const encodeControl = (message: ControlMessage): Uint8Array => encodeMessage(message);

/** @throws MalformedMessageError */
export const decodeControl = (bytes: Uint8Array): ControlMessage => decodeMessage(control, bytes);
