/**
 * Which items every prediction of a step is compared with, besides its own: drawn for the whole
 * step and shared by all its predictions, as in HLLM, whose workers gather each other's.
 */

import { Random } from '../random.js';
import type { PlanDataset, PlanInput } from './plan-input.js';
import type { TrainingSequences } from './training-sequences.js';

/**
 * Draws before an item of the sequence is accepted after all. A sequence that holds half of the
 * catalogue makes this happen once in 2^64; one that holds all of it must not hang the plan.
 */
const attempts = 64;

/** Marks items without clearing anything in between: a mark counts if it is the newest. */
export class ItemMarks {
  readonly #marks: Uint32Array;
  #current = 0;

  constructor(items: number) {
    this.#marks = new Uint32Array(items);
  }

  clear(): void {
    this.#current++;
    if (this.#current < 2 ** 32) return;
    this.#marks.fill(0);
    this.#current = 1;
  }

  has(item: number): boolean {
    return this.#marks[item] === this.#current;
  }

  /** False where the item had its mark already. */
  add(item: number): boolean {
    if (this.#marks[item] === this.#current) return false;
    this.#marks[item] = this.#current;
    return true;
  }
}

/** Items to draw from, and marks on the texts that are not to be drawn. */
export interface MarkedCatalogue {
  readonly items: number;
  /** The item that stands for each one; see PlanCatalogue. [items] */
  readonly textOf: Int32Array;
  readonly marks: ItemMarks;
}

export interface NegativesSource extends MarkedCatalogue {
  readonly dataset: PlanDataset;
  readonly sequences: TrainingSequences;
}

/**
 * Catalogue ids, with repeats, in the order in which they were drawn.
 *
 * @param members the sequences of the step, in the order of the epoch.
 */
export function drawNegatives(
  { spec }: PlanInput,
  source: NegativesSource,
  step: number,
  members: Int32Array,
): Int32Array {
  const { perUser, total, all } = spec.objective.negatives;
  const random = Random.for(spec.seed, 'negatives', step);
  if (perUser !== undefined) return drawPerUser(source, random, members, perUser);
  if (total !== undefined) return drawTotal(source.items, random, total);
  return all === undefined ? new Int32Array() : everyItem(source.items);
}

/** `perUser` for each sequence, none of which reads like an item that the sequence itself holds. */
function drawPerUser(
  source: NegativesSource,
  random: Random,
  members: Int32Array,
  perUser: number,
): Int32Array {
  const negatives = new Int32Array(members.length * perUser);
  let at = 0;
  for (const member of members) {
    markSequence(source, member);
    for (let draw = 0; draw < perUser; draw++) negatives[at++] = drawMostlyUnmarked(source, random);
  }
  return negatives;
}

function markSequence(source: NegativesSource, member: number): void {
  const { dataset, sequences, textOf, marks } = source;
  const start = sequences.starts[member] as number;
  const end = start + (sequences.lengths[member] as number);
  marks.clear();
  for (let at = start; at < end; at++)
    marks.add(textOf[dataset.sequenceItems[at] as number] as number);
}

function drawMostlyUnmarked({ items, textOf, marks }: MarkedCatalogue, random: Random): number {
  const isMarked = (item: number): boolean => marks.has(textOf[item] as number);
  let item = random.below(items);
  for (let attempt = 1; isMarked(item) && attempt < attempts; attempt++) item = random.below(items);
  return item;
}

/**
 * An item whose text has no mark; null where none is. After as many draws as usual, the first one behind
 * the last draw: nothing needs to be even about what a user who has half of the catalogue gets.
 */
export function drawUnmarked(source: MarkedCatalogue, random: Random): number | null {
  const { items, textOf, marks } = source;
  const isMarked = (item: number): boolean => marks.has(textOf[item] as number);
  const drawn = drawMostlyUnmarked(source, random);
  for (let behind = 0; behind < items; behind++) {
    const item = (drawn + behind) % items;
    if (!isMarked(item)) return item;
  }
  return null;
}

function drawTotal(items: number, random: Random, total: number): Int32Array {
  const negatives = new Int32Array(total);
  for (let draw = 0; draw < total; draw++) negatives[draw] = random.below(items);
  return negatives;
}

function everyItem(items: number): Int32Array {
  const negatives = new Int32Array(items);
  for (let item = 0; item < items; item++) negatives[item] = item;
  return negatives;
}
