/**
 * The targets of a step: for each of its histories, items with labels. Labels come from the dataset, or
 * each interaction behind the history is wanted and items drawn beside it are not.
 */
import { EmptyPlanError } from '../errors.js';
import { Random } from '../random.js';
import type { LaneTargets } from './lane-plan.js';
import { drawUnmarked, type NegativesSource } from './negatives.js';
import { type PlanDataset, type PlanInput, type PlanObjective, unlabelled } from './plan-input.js';

/** What a step's sequences are to tell apart, in the order of the sequences that they were drawn for. */
export interface DrawnTargets {
  /** Those of member m are offsets[m]..offsets[m+1]. */
  readonly offsets: Int32Array;
  /** Catalogue ids. */
  readonly items: Int32Array;
  readonly labels: Float32Array;
}

/** Targets of a whole step, in the order of its sequences. */
export type StepTargets = Omit<LaneTargets, 'scale'>;

/** @throws EmptyPlanError where labels should come from a dataset that has none. */
export function requireLabels(
  { targets }: PlanObjective,
  { sequenceLabels }: Pick<PlanDataset, 'sequenceLabels'>,
): void {
  if (targets?.kind !== 'data') return;
  if (sequenceLabels?.some((label) => label !== unlabelled)) return;
  const what = sequenceLabels === null ? 'the dataset has no labels' : 'no interaction has a label';
  throw new EmptyPlanError(
    `Cannot plan a step: objective.targets.kind is data and ${what}: \`lockstep data --label\` ` +
      'makes a dataset that has, and the kind sampled needs none',
  );
}

/**
 * Null for an objective that has no targets.
 *
 * @param members the sequences of the step, in the order of the epoch: who draws first depends on
 * nothing that lanes decide.
 */
export function drawTargets(
  { spec }: PlanInput,
  source: NegativesSource,
  step: number,
  members: Int32Array,
): DrawnTargets | null {
  const { targets } = spec.objective;
  if (targets === undefined) return null;
  const offsets = new Int32Array(members.length + 1);
  const items: number[] = [];
  const labels: number[] = [];
  const add = (item: number, label: number): void => {
    items.push(item);
    labels.push(label);
  };
  const random = Random.for(spec.seed, 'targets', step);
  for (const [index, member] of members.entries()) {
    if (targets.kind === 'data') addLabelled(source, member, add);
    else addSampled(source, member, targets.negatives, random, add);
    offsets[index + 1] = items.length;
  }
  return { offsets, items: Int32Array.from(items), labels: Float32Array.from(labels) };
}

type Add = (item: number, label: number) => void;

function behind({ sequences }: NegativesSource, member: number): [start: number, end: number] {
  const start = (sequences.starts[member] as number) + (sequences.lengths[member] as number);
  return [start, start + (sequences.targets[member] as number)];
}

function addLabelled(source: NegativesSource, member: number, add: Add): void {
  const { sequenceItems, sequenceLabels } = source.dataset;
  const [start, end] = behind(source, member);
  for (let at = start; at < end; at++) {
    const label = sequenceLabels?.[at] ?? unlabelled;
    if (label !== unlabelled) add(sequenceItems[at] as number, label);
  }
}

/** Each of them, with the unwanted ones drawn beside it. */
function addSampled(
  source: NegativesSource,
  member: number,
  negatives: number,
  random: Random,
  add: Add,
): void {
  const { sequenceItems } = source.dataset;
  markUser(source, member);
  const [start, end] = behind(source, member);
  for (let at = start; at < end; at++) {
    add(sequenceItems[at] as number, 1);
    for (let draw = 0; draw < negatives; draw++) {
      const item = drawUnmarked(source, random);
      // Whoever knows the whole catalogue has no unwanted item.
      if (item !== null) add(item, 0);
    }
  }
}

/** All that the user has in training, and not this history alone: none of it is unwanted. */
function markUser({ dataset, sequences, textOf, marks }: NegativesSource, member: number): void {
  const user = sequences.users[member] as number;
  const { sequenceOffsets, sequenceItems } = dataset;
  const end = sequenceOffsets[user + 1] as number;
  marks.clear();
  for (let at = sequenceOffsets[user] as number; at < end; at++) {
    marks.add(textOf[sequenceItems[at] as number] as number);
  }
}
