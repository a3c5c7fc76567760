import type { z } from 'zod';
import { controlMessageBytes, controlMessageDepth } from '../../limits.js';
import { packValue, unpackValue } from '../codec.js';
import { MalformedMessageError } from '../guard.js';

/** @throws RangeError for a message that no receiver would take */
export function encodeMessage(message: { readonly kind: string }): Uint8Array {
  const bytes = packValue(message);
  if (bytes.byteLength > controlMessageBytes) {
    throw new RangeError(
      `Cannot send "${message.kind}": it has ${bytes.byteLength} bytes, at most ${controlMessageBytes} are allowed`,
    );
  }
  return bytes;
}

/** @throws MalformedMessageError */
export function decodeMessage<Message>(schema: z.ZodType<Message>, bytes: Uint8Array): Message {
  if (bytes.byteLength > controlMessageBytes) {
    throw new MalformedMessageError('size', `it has ${bytes.byteLength} bytes`);
  }
  const parsed = schema.safeParse(unpackValue(bytes, controlMessageDepth));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw new MalformedMessageError(
    field === 'kind' ? 'kind' : 'fields',
    `field "${field}": ${issue?.message ?? 'invalid'}`,
    { cause: parsed.error },
  );
}
