/**
 * Takes interactions out of sequences, in place. Pure functions of what was read: a user or an item that
 * has none left stays numbered, until the dataset's own numbers are given.
 */
import type { Sequences } from '../../tables/interactions-table.js';
import type { AppliedFilter, Deduplicate, FilterOptions, Removed } from './filter-options.js';

/** Applies the filters that work on whole sequences; `items` is how many item numbers there are. */
export function filterSequences(
  sequences: Sequences,
  items: number,
  { deduplicate, minimumUserInteractions, minimumItemInteractions }: FilterOptions,
): { sequences: Sequences; applied: readonly AppliedFilter[] } {
  const applied: AppliedFilter[] = [];
  let current = sequences;
  const apply = (filter: Omit<AppliedFilter, 'removed'>, kept: Uint8Array): void => {
    const before = tally(current, items);
    current = keepRows(current, kept);
    applied.push({ ...filter, removed: difference(before, tally(current, items)) });
  };
  if (deduplicate !== undefined) {
    const options = { deduplicate };
    apply({ filter: 'deduplicate', options }, keptOnce(current, items, deduplicate));
  }
  if (minimumUserInteractions !== undefined || minimumItemInteractions !== undefined) {
    const [leastUser, leastItem] = [minimumUserInteractions ?? 1, minimumItemInteractions ?? 1];
    const options = {
      'min-user-interactions': leastUser,
      'min-item-interactions': leastItem,
    };
    apply({ filter: 'min-interactions', options }, keptCore(current, items, leastUser, leastItem));
  }
  return { sequences: current, applied };
}

/** Marks each user's first interaction with an item, or the last, in the order of time. */
export function keptOnce(
  { offsets, items: sequence }: Sequences,
  items: number,
  keep: Deduplicate,
): Uint8Array {
  const kept = new Uint8Array(sequence.length);
  /** The user who was last seen with the item. */
  const lastUser = new Int32Array(items).fill(-1);
  for (let user = 0; user + 1 < offsets.length; user++) {
    const [start, end] = [offsets[user]!, offsets[user + 1]!];
    for (let i = 0; i < end - start; i++) {
      const at = keep === 'first' ? start + i : end - 1 - i;
      if (lastUser[sequence[at]!] !== user) kept[at] = 1;
      lastUser[sequence[at]!] = user;
    }
  }
  return kept;
}

/**
 * Marks the largest part in which every user has `leastUser` interactions and every item `leastItem`:
 * users and items go by turns until none has fewer. Whatever the turns, that part is the same.
 */
export function keptCore(
  { offsets, items: sequence }: Sequences,
  items: number,
  leastUser: number,
  leastItem: number,
): Uint8Array {
  const kept = new Uint8Array(sequence.length).fill(1);
  const perUser = offsets.slice(1).map((end, user) => end - offsets[user]!);
  const perItem = new Uint32Array(items);
  for (const item of sequence) perItem[item] = perItem[item]! + 1;
  const remove = (user: number, at: number): void => {
    kept[at] = 0;
    perUser[user] = perUser[user]! - 1;
    perItem[sequence[at]!] = perItem[sequence[at]!]! - 1;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (let user = 0; user < perUser.length; user++) {
      if (perUser[user] === 0) continue;
      const isFew = perUser[user]! < leastUser;
      for (let at = offsets[user]!; at < offsets[user + 1]!; at++) {
        if (kept[at] === 0 || !(isFew || perItem[sequence[at]!]! < leastItem)) continue;
        remove(user, at);
        changed = true;
      }
    }
  }
  return kept;
}

/** Users, items and interactions that are there. */
export function tally({ offsets, items: sequence }: Sequences, items: number): Removed {
  const seen = new Uint8Array(items);
  for (const item of sequence) seen[item] = 1;
  let users = 0;
  for (let user = 0; user + 1 < offsets.length; user++) {
    if (offsets[user + 1]! > offsets[user]!) users++;
  }
  return { rows: sequence.length, users, items: seen.reduce((sum, one) => sum + one, 0) };
}

const difference = (before: Removed, after: Removed): Removed => ({
  rows: before.rows - after.rows,
  users: before.users - after.users,
  items: before.items - after.items,
});

/** The marked interactions, in the same memory. */
function keepRows({ offsets, items, labels }: Sequences, kept: Uint8Array): Sequences {
  let to = 0;
  for (let user = 0, start = 0; user + 1 < offsets.length; user++) {
    const end = offsets[user + 1]!;
    for (let at = start; at < end; at++) {
      if (kept[at] !== 1) continue;
      items[to] = items[at]!;
      if (labels !== null) labels[to] = labels[at]!;
      to++;
    }
    start = end;
    offsets[user + 1] = to;
  }
  return { offsets, items: items.subarray(0, to), labels: labels?.subarray(0, to) ?? null };
}
