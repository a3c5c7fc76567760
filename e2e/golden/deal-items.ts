/** The items that a step needs, dealt to its lanes by the length of their texts, each item once. */
export interface DealtItems {
  /** By lane, the shortest text first. */
  readonly lanes: readonly (readonly number[])[];
  /** Item lane v has rows offsets[v]..offsets[v+1]. */
  readonly offsets: Int32Array;
  /** Rows of the step's item matrix. */
  rowsOf(items: readonly number[]): Int32Array;
}

/** @param texts token ids by item. @param needed items, with repeats. */
export function dealItems(
  texts: readonly (readonly number[])[],
  needed: readonly number[],
  lanes: number,
): DealtItems {
  const length = (item: number): number => (texts[item] as readonly number[]).length;
  const byLength = [...new Set(needed)].sort((a, b) => length(a) - length(b) || a - b);
  const dealt = Array.from({ length: lanes }, (_, lane) =>
    byLength.filter((_, at) => at % lanes === lane),
  );
  const rows = new Map(dealt.flat().map((item, row) => [item, row]));
  return {
    lanes: dealt,
    offsets: offsetsOf(dealt),
    rowsOf: (items) => Int32Array.from(items, (item) => rows.get(item) as number),
  };
}

/** Where each list begins in the row of all of them, and where the last one ends. */
export function offsetsOf(lists: readonly (readonly unknown[])[]): Int32Array {
  let end = 0;
  return Int32Array.from([0, ...lists.map((list) => (end += list.length))]);
}
