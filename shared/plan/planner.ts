/**
 * Computes the plan of any step of a job. A planner only remembers what several steps have in
 * common (the cut sequences, the order of an epoch); the plan of a step is the same from a new
 * planner, from an old one, and in any order of asking.
 */

import { type Step, step as stepNumber } from '../ids.js';
import { dealByCost } from './balance.js';
import { type PlanCatalogue, planCatalogue } from './catalogue.js';
import { EpochOrders } from './epoch-orders.js';
import { drawNegatives, ItemMarks, type NegativesSource } from './negatives.js';
import type { StepPlan } from './plan.js';
import type { PlanDataset, PlanInput } from './plan-input.js';
import { type DrawnTargets, drawTargets, requireLabels, type StepTargets } from './targets.js';
import {
  requireSequences,
  sequenceCut,
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

  /** @throws EmptyPlanError where no user has two training items, or labels that are needed are not there. */
  constructor(job: PlanInput, dataset: PlanDataset) {
    this.#job = job;
    this.#dataset = dataset;
    this.#sequences = trainingSequences(dataset, sequenceCut(job));
    requireSequences(this.#sequences.users.length, dataset.sequenceOffsets.length - 1);
    requireLabels(job.spec.objective, dataset);
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
    const source = this.#source();
    const negatives = drawNegatives(this.#job, source, step, members);
    const targets = drawTargets(this.#job, source, step, members);
    const drawn = targets === null ? [negatives] : [negatives, targets.items];
    const { items, itemLaneOffsets } = this.#dealItems(members, drawn);
    const rows = this.#rows;
    for (let row = 0; row < items.length; row++) rows[items[row] as number] = row;

    const byLength = this.#byLength(members);
    const costs = byLength.map((place) => this.#userCost(members[place] as number));
    const dealt = dealByCost(costs, lanes);
    const places = dealt.members.map((thing) => byLength[thing] as number);
    return {
      step: stepNumber(step),
      epoch,
      lanes,
      items,
      itemLaneOffsets,
      negatives: negatives.map((item) => this.#rowOf(item)),
      ...this.#sequencesInOrder(places.map((place) => members[place] as number)),
      targets: targets && this.#targetsInOrder(targets, places),
      userLaneOffsets: dealt.offsets,
      normalisation: this.#job.spec.objective.normalisation,
    };
  }

  #rowOf(item: number): number {
    return this.#rows[this.#catalogue.textOf[item] as number] as number;
  }

  #source(): NegativesSource {
    return {
      dataset: this.#dataset,
      sequences: this.#sequences,
      items: this.#catalogue.items,
      textOf: this.#catalogue.textOf,
      marks: this.#marks,
    };
  }

  /**
   * Every distinct text once, under the item that stands for it: positives, inputs, negatives and
   * targets alike, in the order of rows.
   */
  #dealItems(members: Int32Array, drawn: readonly Int32Array[]): DealtItems {
    const { itemAt, costs } = this.#catalogue;
    // Ranks sort by what the model reads of an item, then by id.
    const ranks = this.#distinctRanks(members, drawn).sort();
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

  #distinctRanks(members: Int32Array, drawn: readonly Int32Array[]): Int32Array {
    const { rankOf, textOf, items } = this.#catalogue;
    const { sequenceItems } = this.#dataset;
    const most = drawn.reduce((sum, { length }) => sum + length, this.#totalLength(members));
    const ranks = new Int32Array(Math.min(items, most));
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
    for (const some of drawn) {
      for (const each of some) {
        const item = textOf[each] as number;
        if (marks.add(item)) ranks[count++] = rankOf[item] as number;
      }
    }
    return ranks.subarray(0, count);
  }

  /** Places of the members, those of the shortest first; among equals in the order of the epoch. */
  #byLength(members: Int32Array): Int32Array {
    const keys = new Float64Array(members.length);
    for (let place = 0; place < members.length; place++) {
      const length = this.#sequences.lengths[members[place] as number] as number;
      keys[place] = length * members.length + place;
    }
    keys.sort();
    return Int32Array.from(keys, (key) => key % members.length);
  }

  /** Predictions, and with targets whatever is read for them. */
  #userCost(member: number): number {
    const length = this.#sequences.lengths[member] as number;
    return this.#job.spec.objective.targets === undefined ? length - 1 : length;
  }

  #totalLength(members: Int32Array): number {
    let total = 0;
    for (const member of members) total += this.#sequences.lengths[member] as number;
    return total;
  }

  #sequencesInOrder(
    members: Int32Array,
  ): Pick<StepPlan, 'users' | 'sequenceOffsets' | 'sequenceRows'> {
    const { sequenceItems } = this.#dataset;
    const users = new Int32Array(members.length);
    const sequenceOffsets = new Int32Array(members.length + 1);
    const sequenceRows = new Int32Array(this.#totalLength(members));
    let at = 0;
    for (let index = 0; index < members.length; index++) {
      const sequence = members[index] as number;
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

  /** @param places of the members that the targets were drawn for. */
  #targetsInOrder(drawn: DrawnTargets, places: Int32Array): StepTargets {
    const offsets = new Int32Array(places.length + 1);
    const rows = new Int32Array(drawn.items.length);
    const labels = new Float32Array(drawn.items.length);
    let at = 0;
    for (let index = 0; index < places.length; index++) {
      const place = places[index] as number;
      const end = drawn.offsets[place + 1] as number;
      for (let from = drawn.offsets[place] as number; from < end; from++) {
        rows[at] = this.#rowOf(drawn.items[from] as number);
        labels[at++] = drawn.labels[from] as number;
      }
      offsets[index + 1] = at;
    }
    return { offsets, rows, labels };
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
