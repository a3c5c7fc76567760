/**
 * Which targets an evaluation asks for, and their labels. From data: the held-out item of each user
 * whose label is known. Sampled: each user's held-out item, and items drawn once and for all that the
 * user never had. Everything follows from the dataset and the job's seed, so all members and all models
 * get the same questions.
 *
 * Legend: U users, T targets.
 */
import type { Dataset } from '../../../dataset/dataset.js';
import {
  type EvaluationSplit,
  evaluationCase,
  trainingOffsets,
} from '../../../dataset/training-view.js';
import { drawUnmarked, ItemMarks } from '../../../shared/plan/negatives.js';
import { unlabelled } from '../../../shared/plan/plan-input.js';
import { Random } from '../../../shared/random.js';

export type AskedTargets =
  | { readonly kind: 'data' }
  | {
      readonly kind: 'sampled';
      /** Drawn for each user. */
      readonly negatives: number;
      readonly seed: number;
    };

export interface LabelledQuestions {
  readonly split: EvaluationSplit;
  /** Those who have a target, in order. [U] */
  readonly users: Int32Array;
  /** User u has targets offsets[u]..offsets[u+1]. [U+1] */
  readonly offsets: Int32Array;
  /** Item numbers. [T] */
  readonly items: Int32Array;
  /** 1 is wanted, 0 is not. [T] */
  readonly labels: Uint8Array;
  /** The share of wanted targets in training. */
  readonly baseRate: number;
}

/**
 * @param users who may be asked, in order
 * @param textOf the same number for items whose texts read the same. [items]
 * @throws RangeError where labels should come from a dataset that has none
 */
export function labelledQuestions(
  dataset: Dataset,
  split: EvaluationSplit,
  users: Int32Array,
  asked: AskedTargets,
  textOf: Int32Array,
): LabelledQuestions {
  const found =
    asked.kind === 'data'
      ? labelledTargets(dataset, split, users)
      : sampledTargets(dataset, split, users, asked, textOf);
  const baseRate = asked.kind === 'data' ? trainingRate(dataset) : 1 / (1 + asked.negatives);
  return { split, ...found, baseRate };
}

type Targets = Omit<LabelledQuestions, 'split' | 'baseRate'>;

function labelledTargets(dataset: Dataset, split: EvaluationSplit, users: Int32Array): Targets {
  const { sequenceOffsets, sequenceItems } = dataset;
  const labels = labelsOf(dataset);
  // As in a case of the evaluation: the test item is the last one, the validation item before it.
  const placeOf = (user: number): number => sequenceOffsets[user + 1]! - (split === 'test' ? 1 : 2);
  const known = users.filter((user) => labels[placeOf(user)] !== unlabelled);
  return {
    users: known,
    offsets: Int32Array.from({ length: known.length + 1 }, (_, at) => at),
    items: known.map((user) => sequenceItems[placeOf(user)]!),
    labels: Uint8Array.from(known, (user) => labels[placeOf(user)]!),
  };
}

function sampledTargets(
  dataset: Dataset,
  split: EvaluationSplit,
  users: Int32Array,
  { negatives, seed }: AskedTargets & { readonly kind: 'sampled' },
  textOf: Int32Array,
): Targets {
  const { sequenceOffsets, sequenceItems } = dataset;
  const source = { items: dataset.items, textOf, marks: new ItemMarks(dataset.items) };
  const offsets = new Int32Array(users.length + 1);
  const [items, labels]: [number[], number[]] = [[], []];
  for (const [index, user] of users.entries()) {
    const random = Random.for(seed, `targets of ${split}`, user);
    source.marks.clear();
    const own = sequenceItems.subarray(sequenceOffsets[user], sequenceOffsets[user + 1]);
    for (const item of own) source.marks.add(textOf[item]!);
    items.push(evaluationCase(dataset, split, user).target);
    labels.push(1);
    for (let draw = 0; draw < negatives; draw++) {
      const item = drawUnmarked(source, random);
      if (item === null) continue;
      items.push(item);
      labels.push(0);
    }
    offsets[index + 1] = items.length;
  }
  return { users, offsets, items: Int32Array.from(items), labels: Uint8Array.from(labels) };
}

/** Of the labelled interactions of training; a half where there is none. */
function trainingRate(dataset: Dataset): number {
  const labels = labelsOf(dataset);
  const training = trainingOffsets(dataset);
  let [wanted, known] = [0, 0];
  for (let user = 0; user < dataset.users; user++) {
    const start = dataset.sequenceOffsets[user]!;
    const length = training[user + 1]! - training[user]!;
    for (const label of labels.subarray(start, start + length)) {
      if (label === unlabelled) continue;
      wanted += label;
      known++;
    }
  }
  return known === 0 ? 0.5 : wanted / known;
}

function labelsOf({ sequenceLabels, directory }: Dataset): Uint8Array {
  if (sequenceLabels !== null) return sequenceLabels;
  throw new RangeError(`Cannot ask for labels: the dataset ${directory} should have them`);
}
