/**
 * Sequences of different lengths without padding: the rows of all sequences stand one after the
 * other, and neighbours of equal length form a group, which attention sees as a dense batch.
 * Sort by length, and there are only as many groups as different lengths.
 */
export interface SequenceGroup {
  /** Row of the group's first sequence. */
  readonly firstRow: number;
  /** Sequences. */
  readonly count: number;
  /** Rows of each of them. */
  readonly length: number;
}

export interface PackedLayout {
  /** T, the rows of all sequences. */
  readonly rows: number;
  readonly groups: readonly SequenceGroup[];
}

/** @throws RangeError if a sequence is empty: it has no row to read anything from. */
export function packedLayout(lengths: readonly number[]): PackedLayout {
  const groups: { firstRow: number; count: number; length: number }[] = [];
  let rows = 0;
  lengths.forEach((length, sequence) => {
    if (!(length > 0)) {
      throw new RangeError(
        `Cannot pack sequence ${sequence}: its length is ${length}: it must be positive`,
      );
    }
    const last = groups.at(-1);
    if (last?.length === length) last.count++;
    else groups.push({ firstRow: rows, count: 1, length });
    rows += length;
  });
  return { rows, groups };
}
