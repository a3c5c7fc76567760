import { minimiseTries } from './limits.js';

/**
 * A shorter input that still fails: parts are left out, halves first, then less and less.
 *
 * @param fails whether an input fails in the same way
 */
export function minimise(input: Uint8Array, fails: (input: Uint8Array) => boolean): Uint8Array {
  let best = input;
  let tries = minimiseTries;
  for (let size = Math.ceil(best.length / 2); size >= 1 && tries > 0; size = Math.floor(size / 2)) {
    for (let at = 0; at < best.length && tries > 0; ) {
      tries--;
      const shorter = new Uint8Array(best.length - Math.min(size, best.length - at));
      shorter.set(best.subarray(0, at));
      shorter.set(best.subarray(at + size), at);
      if (fails(shorter)) best = shorter;
      else at += size;
    }
  }
  return best;
}
