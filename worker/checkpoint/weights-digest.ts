import { createHash } from 'node:crypto';
import { piecesOf } from '../../storage/pieces.js';
import type { ParameterEntry } from '../model/parameters/parameter-layout.js';
import { rangeOf, type TrainingState } from '../state/training-state.js';

/**
 * SHA-256 (hex) over the raw little-endian float32 of all parameters in the order of their names.
 * Two runs trained the same model if and only if it is equal: offsets and gaps of the flat vector
 * do not count.
 *
 * @param isMeant of all names where it is left out
 */
export async function weightsDigest(
  state: TrainingState,
  isMeant: (name: string) => boolean = () => true,
): Promise<string> {
  const hash = createHash('sha256');
  const meant = state.layout.entries.filter(({ name }) => isMeant(name));
  for (const entry of meant.sort(byName)) {
    for (const piece of piecesOf(rangeOf(entry)))
      hash.update(await state.read('parameters', piece));
  }
  return hash.digest('hex');
}

/** By code units: a locale would order names differently on another machine. */
const byName = (a: ParameterEntry, b: ParameterEntry): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
