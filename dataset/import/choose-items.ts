/** Which users and items a dataset has, once filters have spoken, and the numbers they get. */
import { IdTable } from '../tables/id-table.js';
import type { Sequences } from '../tables/interactions-table.js';

export interface Chosen {
  readonly ids: IdTable;
  /** Of each earlier number the new one, -1 for those left out. */
  readonly renumbered: Int32Array;
}

/** The items that someone has used, or all of them. */
export function chooseItems(all: IdTable, perItem: Uint32Array, keepUnused: boolean): Chosen {
  return choose(all, (item) => keepUnused || perItem[item]! > 0);
}

/** The users who have an interaction left. */
export function chooseUsers(all: IdTable, offsets: Uint32Array): Chosen {
  return choose(all, (user) => offsets[user + 1]! > offsets[user]!);
}

function choose(all: IdTable, isKept: (number: number) => boolean): Chosen {
  const renumbered = new Int32Array(all.count).fill(-1);
  const ids = new IdTable();
  const { bytes, offsets } = all.flat();
  for (let number = 0; number < all.count; number++) {
    if (!isKept(number)) continue;
    renumbered[number] = ids.add(bytes, offsets[number]!, offsets[number + 1]!);
  }
  return { ids, renumbered };
}

/** How many interactions each item has. */
export function countPerItem({ items: sequence }: Sequences, items: number): Uint32Array {
  const counts = new Uint32Array(items);
  for (const item of sequence) counts[item] = counts[item]! + 1;
  return counts;
}

/** The sequences of the chosen users, by the chosen items' numbers; in the same memory. */
export function renumber(
  { offsets, items, labels }: Sequences,
  users: Chosen,
  chosen: Chosen,
): Sequences {
  for (let at = 0; at < items.length; at++) items[at] = chosen.renumbered[items[at]!]!;
  const ends = new Uint32Array(users.ids.count + 1);
  for (let user = 0; user < users.renumbered.length; user++) {
    const number = users.renumbered[user]!;
    if (number >= 0) ends[number + 1] = offsets[user + 1]!;
  }
  return { offsets: ends, items, labels };
}
