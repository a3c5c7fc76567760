/** What commands ask of whoever leads a run. Said again until the lead says that it is so. */
import { z } from 'zod';
import { decodeMessage, encodeMessage } from './message-codec.js';

const control = z.strictObject({
  /** Finish the step, write a checkpoint, end. */
  kind: z.literal('stop'),
  /** Who asks, for people. */
  by: z.string().max(256),
});

export type ControlMessage = z.infer<typeof control>;

export const encodeControl = (message: ControlMessage): Uint8Array => encodeMessage(message);

/** @throws MalformedMessageError */
export const decodeControl = (bytes: Uint8Array): ControlMessage => decodeMessage(control, bytes);
