/** What a command asks of whoever leads a run; said again until the leader's word shows that it was heard. */
import { z } from 'zod';
import { decodeMessage, encodeMessage } from './message-codec.js';

const fromCommand = z.discriminatedUnion('kind', [
  /** Finish the step, write a checkpoint, end. */
  z.strictObject({ kind: z.literal('stop'), by: z.string().max(256) }),
]);

export type CommandMessage = z.infer<typeof fromCommand>;

export const encodeCommandMessage = (message: CommandMessage): Uint8Array => encodeMessage(message);

/** @throws MalformedMessageError */
export const decodeCommandMessage = (bytes: Uint8Array): CommandMessage =>
  decodeMessage(fromCommand, bytes);
