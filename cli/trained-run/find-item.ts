/** The item that a person means: by its id, or by a part of its title that no other has. Pure. */
import type { IdLookup } from '../../dataset/dataset.js';
import { nearestWords } from '../../shared/job-spec/text/nearest-word.js';
import { printable } from '../output/text/printable.js';
import { UsageError } from '../usage-error.js';

/** What a catalogue calls its items. */
export interface ItemNames {
  readonly ids: IdLookup;
  /** Null where the dataset keeps no titles. */
  readonly title: ((item: number) => string) | null;
}

/** So many candidates fit a screen. */
const shown = 5;

/**
 * An id goes before a title, and a whole title before a part of one; capitals do not count in titles.
 *
 * @throws UsageError where it is no item, or more than one; the message names the nearest
 */
export function findItem(reference: string, names: ItemNames): number {
  const [item, ...others] = itemsNamed(reference, names);
  if (item === undefined) throw new UsageError(unknown(reference, names));
  if (others.length === 0) return item;
  throw new UsageError(ambiguous(reference, [item, ...others], names));
}

/** All that a reference may mean. */
export function itemsNamed(reference: string, names: ItemNames): number[] {
  const byId = names.ids.numberOf(reference);
  return byId >= 0 ? [byId] : titled(reference, names);
}

/** `Toy Story (1)`, or the id alone where there is no title. */
export function itemName(item: number, { ids, title }: ItemNames): string {
  const [id, name] = [ids.idOf(item), title?.(item) ?? ''].map(printable) as [string, string];
  return name === '' ? id : `${name} (${id})`;
}

/** Items of this very title; where there are none, those whose title has it as a part. */
function titled(reference: string, { ids, title }: ItemNames): number[] {
  const wanted = reference.trim().toLowerCase();
  if (title === null || wanted === '') return [];
  const [whole, part]: [number[], number[]] = [[], []];
  for (let item = 0; item < ids.count; item++) {
    const name = title(item).toLowerCase();
    if (name === wanted) whole.push(item);
    else if (name.includes(wanted)) part.push(item);
  }
  return whole.length > 0 ? whole : part;
}

function ambiguous(reference: string, items: readonly number[], names: ItemNames): string {
  const some = items.slice(0, shown).map((item) => itemName(item, names));
  const others = items.length > shown ? `, and ${items.length - shown} others` : '';
  return (
    `Cannot tell which item "${reference}" is: ${items.length} titles have it: ` +
    `${some.join(', ')}${others}: it must be an id, or a part of one title alone`
  );
}

function unknown(reference: string, names: ItemNames): string {
  const { ids, title } = names;
  const nearTitles = title === null ? [] : nearestWords(reference, titlesOf(names), shown);
  const near = [...nearTitles, ...nearestWords(reference, idsOf(ids), shown)];
  const has = title === null ? 'id (it keeps no titles)' : 'id or title';
  const must = title === null ? 'an id' : 'an id, or a part of one title alone';
  return (
    `Cannot find the item "${reference}": none of the dataset's ${ids.count} has this ${has}: ` +
    `it must be ${must}${hint(near, ids)}`
  );
}

/** @throws UsageError naming the nearest ids */
export function findUser(id: string, ids: IdLookup): number {
  const user = ids.numberOf(id);
  if (user >= 0) return user;
  throw new UsageError(
    `Cannot find the user "${id}": none of the dataset's ${ids.count} has this id: ` +
      `it must be one of theirs${hint(nearestWords(id, idsOf(ids), shown), ids)}`,
  );
}

const hint = (near: readonly string[], ids: IdLookup): string =>
  near.length > 0
    ? `: the nearest are ${near.slice(0, shown).join(', ')}`
    : `, such as ${Array.from({ length: Math.min(3, ids.count) }, (_, at) => ids.idOf(at)).join(', ')}`;

/** Ids beyond these are not compared: an error message should not take a minute. */
const comparedMost = 200_000;

function* idsOf(ids: IdLookup): Generator<string> {
  for (let at = 0; at < Math.min(ids.count, comparedMost); at++) yield ids.idOf(at);
}

function* titlesOf({ ids, title }: ItemNames): Generator<string> {
  for (let at = 0; at < Math.min(ids.count, comparedMost); at++) yield title?.(at) ?? '';
}
