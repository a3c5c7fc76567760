/**
 * A hash of the state, so that members who should hold the same bits can tell. After each step it is of
 * a part, so that nobody waits for it; the parts take turns, so that no bit stays unseen for long.
 */
import type { Step } from '../../shared/ids.js';
import type { StateHash } from '../../shared/ledger/ledger-record.js';
import type { ByteRange } from '../../storage/pieces.js';
import type { Arithmetic } from '../arithmetic/arithmetic.js';

/** One behind the other they are the bytes that ranges count. */
export interface HashedState {
  readonly parameters: Float32Array;
  readonly firstMoments: Float32Array;
  readonly secondMoments: Float32Array;
}

/**
 * Parts of a small state: as many steps until each of its bytes has been looked at. A larger state has
 * larger parts up to `partBytesMax`, which take a third of a millisecond of a step that takes seconds;
 * parts below `partBytesMin` would save nothing.
 */
const parts = 64;
const partBytesMin = 64 * 1024;
const partBytesMax = 4 * 1024 * 1024;

/** What a hash takes at once: whoever holds the state in ranges can hash it range by range. */
const pieceBytes = partBytesMax;

const floatBytes = 4;

export const hashedBytes = ({ parameters, firstMoments, secondMoments }: HashedState): number =>
  parameters.byteLength + firstMoments.byteLength + secondMoments.byteLength;

/** The part whose turn it is behind `step`. @param bytes of the whole state */
export function hashedPart(step: Step, bytes: number): ByteRange {
  const wanted = Math.ceil(bytes / parts / floatBytes) * floatBytes;
  const size = Math.min(Math.max(wanted, partBytesMin), partBytesMax);
  const begin = (step % Math.max(1, Math.ceil(bytes / size))) * size;
  return { begin, end: Math.min(begin + size, bytes) };
}

/**
 * XXH64 of the eight bytes each, the highest first, of the XXH64 of every piece of the range. A piece
 * ends with its section, and where 4 MiB of its section end.
 */
export function hashState(
  arithmetic: Pick<Arithmetic, 'hash64'>,
  state: HashedState,
  { begin, end }: ByteRange,
): StateHash {
  const hashes: string[] = [];
  let sectionBegin = 0;
  for (const section of [state.parameters, state.firstMoments, state.secondMoments]) {
    const last = Math.min(end - sectionBegin, section.byteLength);
    for (let at = Math.max(0, begin - sectionBegin); at < last; ) {
      const next = Math.min(last, at - (at % pieceBytes) + pieceBytes);
      hashes.push(arithmetic.hash64(section.subarray(at / floatBytes, next / floatBytes)));
      at = next;
    }
    sectionBegin += section.byteLength;
  }
  const value = arithmetic.hash64(new Uint8Array(Buffer.from(hashes.join(''), 'hex')));
  return { from: begin, to: end, value };
}
