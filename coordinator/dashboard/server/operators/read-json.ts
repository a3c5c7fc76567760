import type { IncomingMessage } from 'node:http';
import { type Bytes, bytes } from '../../../../shared/units.js';

/** A token has at most 1,024 characters, and nothing else that is asked is longer. */
export const bodyBytesMax: Bytes = bytes(4096);

/** Fields of a small object; null where it is none, or longer. */
export async function readJson(
  request: IncomingMessage,
): Promise<Readonly<Record<string, unknown>> | null> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.byteLength;
    // The rest is read and forgotten, or the answer would meet a connection that was cut; its time is limited.
    if (length <= bodyBytesMax) pieces.push(piece);
  }
  if (length > bodyBytesMax) return null;
  try {
    const value: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
