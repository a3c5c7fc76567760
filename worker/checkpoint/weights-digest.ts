import { createHash } from 'node:crypto';
import type { ParameterEntry } from '../model/parameter-layout.js';

/**
 * SHA-256 (hex) over the raw little-endian float32 of all parameters in the order of their names.
 * Two runs trained the same model if and only if it is equal: offsets and gaps of the flat vector
 * do not count.
 */
export function weightsDigest(entries: readonly ParameterEntry[], flat: Float32Array): string {
  const hash = createHash('sha256');
  for (const { offset, size } of [...entries].sort(byName)) {
    // Every machine that Node runs on is little-endian.
    hash.update(new Uint8Array(flat.buffer, flat.byteOffset + offset * 4, size * 4));
  }
  return hash.digest('hex');
}

/** By code units: a locale would order names differently on another machine. */
const byName = (a: ParameterEntry, b: ParameterEntry): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
