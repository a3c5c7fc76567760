/**
 * msgpack as Lockstep speaks it: plain maps that any msgpack library reads (no records, no
 * extensions). Typed arrays never enter it: it would turn them into bytes without a word.
 */
import { Packr } from 'msgpackr';
import { checkMsgpack, MalformedMessageError } from './guard.js';

const packr = new Packr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' });

/** Encodes plain data: objects, arrays, strings, numbers, booleans, null. */
export const packValue = (value: unknown): Uint8Array => packr.pack(value);

/**
 * Decodes one value after its structure has been checked.
 *
 * @throws MalformedMessageError
 */
export function unpackValue(bytes: Uint8Array, maxDepth: number): unknown {
  checkMsgpack(bytes, maxDepth);
  try {
    return packr.unpack(bytes);
  } catch (cause) {
    throw new MalformedMessageError('structure', 'its msgpack is damaged', { cause });
  }
}
