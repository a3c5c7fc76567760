import type { Exchange } from './exchange.js';
import type { Tag } from './tag.js';

/**
 * Tells every member a few numbers and hears theirs, by rank. They travel as float32: whole numbers
 * are exact up to 2^24. Everyone tells equally many.
 */
export async function tellAll(
  exchange: Exchange,
  tag: Tag,
  own: readonly number[],
): Promise<(readonly number[])[]> {
  const parts = Array.from(
    { length: exchange.size },
    () => new Float32Array(new SharedArrayBuffer(own.length * Float32Array.BYTES_PER_ELEMENT)),
  );
  parts[exchange.rank]?.set(own);
  await exchange.allGather(tag, parts);
  return parts.map((part) => Array.from(part));
}
