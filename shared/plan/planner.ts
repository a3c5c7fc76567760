/**
 * Computes the plan of any step of a job. A planner only remembers what several steps have in
 * common (the cut sequences, the order of an epoch); the plan of a step is the same from a new
 * planner, from an old one, and in any order of asking.
 */

import { type Step, step as stepNumber } from '../ids.js';
import { type Dealt, dealByCost } from './balance.js';
import { type PlanCatalogue, planCatalogue } from './catalogue.js';
import { EpochOrders } from './epoch-orders.js';
import { drawNegatives, ItemMarks } from './negatives.js';
import type { StepPlan } from './plan.js';
import type { PlanDataset, PlanInput } from './plan-input.js';
import {
  requireSequences,
  type TrainingSequences,
  trainingSequences,
} from './training-sequences.js';

interface DealtItems {
  readonly items: Int32Array;
  readonly itemLaneOffsets: Int32Array;
}

export class Planner {
  readonly #job: PlanInput;
  readonly #dataset: PlanDataset;
  readonly #sequences: TrainingSequences;
  readonly #catalogue: PlanCatalogue;
  readonly #marks: ItemMarks;
  /** Row of each text of the step that is being planned; other entries are left from before. */
  readonly #rows: Int32Array;
  readonly #orders: EpochOrders;

  /** @throws EmptyPlanError where no user has two training items. */
  constructor(job: PlanInput, dataset: PlanDataset) {
    this.#job = job;
    this.#dataset = dataset;
    this.#sequences = trainingSequences(dataset, job.spec.data.sequences);
    requireSequences(this.#sequences.users.length, dataset.sequenceOffsets.length - 1);
    this.#orders = new EpochOrders(job.spec.seed, this.#sequences.users.length);
    this.#catalogue = planCatalogue(dataset, job.spec.model.maxTextLength);
    this.#marks = new ItemMarks(this.#catalogue.items);
    this.#rows = new Int32Array(this.#catalogue.items);
  }

  /** Sequences of an epoch: histories, or their windows. */
  get sequencesPerEpoch(): number {
    return this.#sequences.users.length;
  }

  get stepsPerEpoch(): number {
    return Math.ceil(this.sequencesPerEpoch / this.#job.spec.batch.sequences);
  }

  plan(step: Step): StepPlan {
    const { lanes, batch } = this.#job.spec;
    const epoch = Math.floor(step / this.stepsPerEpoch);
    const start = (step % this.stepsPerEpoch) * batch.sequences;
    const members = this.#orders.order(epoch).subarray(start, start + batch.sequences);
    // Twice what each step must do, so that the next order is there when half of this epoch is over.
    this.#orders.prepare(epoch + 1, 2 * batch.sequences);
    const negatives = this.#drawNegatives(step, members);
    const { items, itemLaneOffsets } = this.#dealItems(members, negatives);
    const rows = this.#rows;
    for (let row = 0; row < items.length; row++) rows[items[row] as number] = row;

    const byLength = this.#sortedByLength(members);
    const dealt = dealByCost(this.#predictions(byLength), lanes);
    return {
      step: stepNumber(step),
      epoch,
      lanes,
      items,
      itemLaneOffsets,
      negatives: negatives.map((item) => this.#rowOf(item)),
      ...this.#sequencesInOrder(byLength, dealt),
      userLaneOffsets: dealt.offsets,
      normalisation: this.#job.spec.objective.normalisation,
    };
  }

  #rowOf(item: number): number {
    return this.#rows[this.#catalogue.textOf[item] as number] as number;
  }

  #drawNegatives(step: Step, members: Int32Array): Int32Array {
    const source = {
      dataset: this.#dataset,
      sequences: this.#sequences,
      items: this.#catalogue.items,
      textOf: this.#catalogue.textOf,
      marks: this.#marks,
    };
    return drawNegatives(this.#job, source, step, members);
  }

  /** Every distinct text once, under the item that stands for it: positives, inputs and negatives alike, in the order of rows. */
  #dealItems(members: Int32Array, negatives: Int32Array): DealtItems {
    const { itemAt, costs } = this.#catalogue;
    // Ranks sort by what the model reads of an item, then by id.
    const ranks = this.#distinctRanks(members, negatives).sort();
    const laneCosts = new Int32Array(ranks.length);
    for (let index = 0; index < ranks.length; index++) {
      laneCosts[index] = costs[itemAt[ranks[index] as number] as number] as number;
    }
    const dealt = dealByCost(laneCosts, this.#job.spec.lanes);
    const items = new Int32Array(ranks.length);
    for (let row = 0; row < items.length; row++) {
      items[row] = itemAt[ranks[dealt.members[row] as number] as number] as number;
    }
    return { items, itemLaneOffsets: dealt.offsets };
  }

  #distinctRanks(members: Int32Array, negatives: Int32Array): Int32Array {
    const { rankOf, textOf, items } = this.#catalogue;
    const { sequenceItems } = this.#dataset;
    const ranks = new Int32Array(Math.min(items, this.#totalLength(members) + negatives.length));
    const marks = this.#marks;
    let count = 0;
    marks.clear();
    for (const member of members) {
      const start = this.#sequences.starts[member] as number;
      const end = start + (this.#sequences.lengths[member] as number);
      for (let at = start; at < end; at++) {
        const item = textOf[sequenceItems[at] as number] as number;
        if (marks.add(item)) ranks[count++] = rankOf[item] as number;
      }
    }
    for (const negative of negatives) {
      const item = textOf[negative] as number;
      if (marks.add(item)) ranks[count++] = rankOf[item] as number;
    }
    return ranks.subarray(0, count);
  }

  /** Shortest first; among equals in the order of the epoch. */
  #sortedByLength(members: Int32Array): Int32Array {
    const keys = new Float64Array(members.length);
    for (let index = 0; index < members.length; index++) {
      const length = this.#sequences.lengths[members[index] as number] as number;
      keys[index] = length * members.length + index;
    }
    keys.sort();
    return Int32Array.from(keys, (key) => members[key % members.length] as number);
  }

  #predictions(members: Int32Array): Int32Array {
    return members.map((member) => (this.#sequences.lengths[member] as number) - 1);
  }

  #totalLength(members: Int32Array): number {
    let total = 0;
    for (const member of members) total += this.#sequences.lengths[member] as number;
    return total;
  }

  #sequencesInOrder(
    byLength: Int32Array,
    dealt: Dealt,
  ): Pick<StepPlan, 'users' | 'sequenceOffsets' | 'sequenceRows'> {
    const { sequenceItems } = this.#dataset;
    const users = new Int32Array(byLength.length);
    const sequenceOffsets = new Int32Array(byLength.length + 1);
    const sequenceRows = new Int32Array(this.#totalLength(byLength));
    let at = 0;
    for (let index = 0; index < byLength.length; index++) {
      const sequence = byLength[dealt.members[index] as number] as number;
      const start = this.#sequences.starts[sequence] as number;
      const end = start + (this.#sequences.lengths[sequence] as number);
      users[index] = this.#sequences.users[sequence] as number;
      for (let from = start; from < end; from++) {
        sequenceRows[at++] = this.#rowOf(sequenceItems[from] as number);
      }
      sequenceOffsets[index + 1] = at;
    }
    return { users, sequenceOffsets, sequenceRows };
  }
}

/**
 * The plan of one step, from scratch: time and memory are those of the whole dataset's sequences.
 * Whoever needs more than one step keeps a `Planner`.
 *
 * @throws EmptyPlanError where no user has two training items.
 */
export function planStep(job: PlanInput, dataset: PlanDataset, step: Step): StepPlan {
  return new Planner(job, dataset).plan(step);
}
