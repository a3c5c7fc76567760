import { isDeepStrictEqual } from 'node:util';

/**
 * What a parser makes of bytes that come in one piece, where it makes the same of them in small ones.
 *
 * @param parse given the size of the pieces
 * @throws what the parser throws; Error where the pieces show
 */
export function inPieces<Read>(bytes: Uint8Array, parse: (size: number) => Read): Read {
  const whole = outcomeOf(() => parse(Math.max(1, bytes.length)));
  const pieces = outcomeOf(() => parse(1 + (bytes.length % 23)));
  if (!isDeepStrictEqual(whole.value, pieces.value) || whole.text !== pieces.text) {
    throw new Error(`in pieces it reads something else: ${pieces.text || 'no error'}`);
  }
  if (whole.error !== null) throw whole.error;
  return whole.value as Read;
}

function outcomeOf<Read>(parse: () => Read) {
  try {
    return { value: parse(), error: null, text: '' };
  } catch (error) {
    return { value: null, error, text: (error as Error).message };
  }
}

/** The bytes in their order, in pieces of a size. */
export function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}
