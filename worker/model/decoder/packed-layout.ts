/**
 * Sequences of different lengths without padding: the rows of all sequences stand one after the
 * other, and neighbours of equal length form a group, which attention sees as a dense batch.
 * Sort by length, and there are only as many groups as different lengths. The last rows of a sequence
 * may be leaves, which share all that stands before them: targets of one history.
 */
export interface SequenceGroup {
  /** Row of the group's first sequence. */
  readonly firstRow: number;
  /** Sequences. */
  readonly count: number;
  /** Rows of each of them. */
  readonly length: number;
  /**
   * Of those rows, how many at the end are leaves: each sees the rows before all leaves, and itself, but
   * no other leaf, as if it alone stood at the end. 0 in a plain sequence.
   */
  readonly leaves: number;
}

export interface PackedLayout {
  /** T, the rows of all sequences. */
  readonly rows: number;
  readonly groups: readonly SequenceGroup[];
}

/**
 * @param lengths of the sequences, leaves included
 * @param leaves of each; none where it is left out
 * @throws RangeError if a sequence is empty: it has no row to read anything from.
 */
export function packedLayout(
  lengths: readonly number[],
  leaves: readonly number[] = [],
): PackedLayout {
  const groups: (SequenceGroup & { count: number })[] = [];
  let rows = 0;
  lengths.forEach((length, sequence) => {
    if (!(length > 0)) {
      throw new RangeError(
        `Cannot pack sequence ${sequence}: its length is ${length}: it must be positive`,
      );
    }
    const own = leaves[sequence] ?? 0;
    const last = groups.at(-1);
    if (last?.length === length && last.leaves === own) last.count++;
    else groups.push({ firstRow: rows, count: 1, length, leaves: own });
    rows += length;
  });
  return { rows, groups };
}
