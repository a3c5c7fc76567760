/**
 * Sorts each user's items by time, in place and stably: rows with equal times keep the order of
 * the file. Bottom-up merge sort over insertion-sorted runs, with scratch as long as the longest
 * sequence only.
 */
const runLength = 16;

export type Times = Float64Array | Uint32Array | BigInt64Array;

/** Sorts items[start..end) and times[start..end) of every sequence by time. */
export function sortSequencesByTime(offsets: Uint32Array, items: Int32Array, kept: Times): void {
  // Comparing and moving are the same for big integers, which no type says.
  const times = kept as Float64Array;
  let longest = 0;
  for (let user = 0; user + 1 < offsets.length; user++) {
    longest = Math.max(longest, offsets[user + 1]! - offsets[user]!);
  }
  const itemScratch = new Int32Array(longest);
  const timeScratch = new (kept.constructor as Float64ArrayConstructor)(longest);
  for (let user = 0; user + 1 < offsets.length; user++) {
    const [start, end] = [offsets[user]!, offsets[user + 1]!];
    if (isSorted(times, start, end)) continue;
    for (let run = start; run < end; run += runLength) {
      insertionSort(items, times, run, Math.min(run + runLength, end));
    }
    for (let width = runLength; width < end - start; width *= 2) {
      for (let left = start; left + width < end; left += 2 * width) {
        const right = Math.min(left + 2 * width, end);
        merge(items, times, left, left + width, right, itemScratch, timeScratch);
      }
    }
  }
}

function isSorted(times: Float64Array, start: number, end: number): boolean {
  for (let i = start + 1; i < end; i++) if (times[i - 1]! > times[i]!) return false;
  return true;
}

function insertionSort(items: Int32Array, times: Float64Array, start: number, end: number): void {
  for (let i = start + 1; i < end; i++) {
    const [time, item] = [times[i]!, items[i]!];
    let at = i;
    for (; at > start && times[at - 1]! > time; at--) {
      times[at] = times[at - 1]!;
      items[at] = items[at - 1]!;
    }
    times[at] = time;
    items[at] = item;
  }
}

/** Merges the sorted runs [left, middle) and [middle, right); the left one is moved to scratch. */
function merge(
  items: Int32Array,
  times: Float64Array,
  left: number,
  middle: number,
  right: number,
  itemScratch: Int32Array,
  timeScratch: Float64Array,
): void {
  const count = middle - left;
  itemScratch.set(items.subarray(left, middle));
  for (let i = 0; i < count; i++) timeScratch[i] = times[left + i]!;
  let [from, other, to] = [0, middle, left];
  while (from < count) {
    // Equal times take the left run first, which is what makes the sort stable.
    if (other < right && times[other]! < timeScratch[from]!) {
      times[to] = times[other]!;
      items[to++] = items[other++]!;
    } else {
      times[to] = timeScratch[from]!;
      items[to++] = itemScratch[from++]!;
    }
  }
}
