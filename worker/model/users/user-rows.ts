/**
 * What the user model reads: rows of the step's item matrix in the order in which a user saw them,
 * and what an objective puts behind them. Positions count from zero: attention sees their
 * differences only.
 *
 * Legend: U histories, T rows that the model reads.
 */
import { type PackedLayout, packedLayout } from '../decoder/packed-layout.js';

/** Rows of an item matrix in the order in which they were seen, CSR. Sort by length. */
export interface UserSequences {
  /** [U+1] */
  readonly offsets: Int32Array | Uint32Array;
  readonly rows: Int32Array;
}

/** Stands for the [USER] token, which is no item. */
export const userToken = -1;

export interface UserRows {
  /** Row of the item matrix, or `userToken`. [T] */
  readonly rows: Int32Array;
  /** [T] */
  readonly positions: Int32Array;
  readonly layout: PackedLayout;
}

/** Histories as they are. */
export const plainRows = (histories: UserSequences): UserRows =>
  rowsOf(histories, () => ({ behind: new Int32Array(0), leaves: 0 }));

/** What stands behind a history, and how many of that are leaves, at one position. */
interface Behind {
  readonly behind: Int32Array;
  readonly leaves: number;
}

/** A history of which nothing is to be read may be empty. */
export function rowsOf(
  { offsets, rows }: UserSequences,
  behindOf: (user: number) => Behind,
): UserRows {
  const parts: Int32Array[] = [];
  const positions: number[] = [];
  const lengths: number[] = [];
  const leaves: number[] = [];
  for (let user = 0; user + 1 < offsets.length; user++) {
    const history = rows.subarray(offsets[user], offsets[user + 1]);
    const { behind, leaves: own } = behindOf(user);
    const length = history.length + behind.length;
    parts.push(history, behind);
    // A leaf stands where the first of them does.
    for (let at = 0; at < length; at++) positions.push(own > 0 ? Math.min(at, length - own) : at);
    lengths.push(length);
    leaves.push(own);
  }
  const all = new Int32Array(positions.length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return {
    rows: all,
    positions: Int32Array.from(positions),
    layout: packedLayout(lengths, leaves),
  };
}
