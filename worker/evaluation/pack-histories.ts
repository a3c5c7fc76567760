import type { UserSequences } from '../model/hllm.js';

export interface PackedHistories {
  /** Rows of the histories' texts, the shortest history first. */
  readonly sequences: UserSequences;
  /** Whose history each of them is. [U] */
  readonly order: readonly number[];
}

/**
 * Histories as the user model reads them at once.
 *
 * @param histories items of each, in the order of time. [U]
 * @param groupOf the row of each item's text. [items]
 * @param maxLength items that the model reads at most: the newest ones
 */
export function packHistories(
  histories: readonly Int32Array[],
  groupOf: Int32Array,
  maxLength: number,
): PackedHistories {
  const newest = histories.map((history) => history.subarray(-maxLength));
  const length = (index: number): number => (newest[index] as Int32Array).length;
  const order = newest.map((_, index) => index);
  order.sort((a, b) => length(a) - length(b) || a - b);
  const offsets = new Int32Array(newest.length + 1);
  order.forEach((index, at) => {
    offsets[at + 1] = (offsets[at] as number) + length(index);
  });
  const rows = new Int32Array(offsets[newest.length] as number);
  order.forEach((index, at) => {
    const items = newest[index] as Int32Array;
    rows.set(
      items.map((item) => groupOf[item] as number),
      offsets[at],
    );
  });
  return { sequences: { offsets, rows }, order };
}
