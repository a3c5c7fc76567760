/**
 * The sequences that a dataset is trained on: each user's history, cut where it is too long.
 *
 * A history is cut from its end, so that the newest window is full: evaluation and serving read
 * full windows of the newest items too. Windows overlap by one item, which is the last prediction of
 * one and the first input of the next, so every transition is predicted exactly once.
 */
import { EmptyPlanError } from '../errors.js';
import type { PlanDataset, PlanInput } from './plan-input.js';

export interface TrainingSequences {
  /** The user of each sequence; sequences of a user are neighbours, oldest first. [S] */
  readonly users: Int32Array;
  /** Where each begins in `sequenceItems`. [S] */
  readonly starts: Uint32Array;
  /** Items of each: 2 to maxLength + 1. [S] */
  readonly lengths: Int32Array;
}

/** A user with fewer than two items has nothing to predict and gives no sequence. */
export function trainingSequences(
  dataset: Pick<PlanDataset, 'sequenceOffsets'>,
  cut: PlanInput['spec']['data']['sequences'],
): TrainingSequences {
  const count = countSequences(dataset.sequenceOffsets, cut);
  const users = new Int32Array(count);
  const starts = new Uint32Array(count);
  const lengths = new Int32Array(count);
  let at = 0;
  for (let user = 0; user + 1 < dataset.sequenceOffsets.length; user++) {
    const start = dataset.sequenceOffsets[user] as number;
    const end = dataset.sequenceOffsets[user + 1] as number;
    const windows = windowsOf(end - start, cut);
    for (let window = windows - 1; window >= 0; window--) {
      const windowEnd = end - window * cut.maxLength;
      const windowStart = Math.max(start, windowEnd - cut.maxLength - 1);
      users[at] = user;
      starts[at] = windowStart;
      lengths[at] = windowEnd - windowStart;
      at++;
    }
  }
  return { users, starts, lengths };
}

/** S, without building the sequences. */
export function countSequences(
  sequenceOffsets: Uint32Array,
  cut: PlanInput['spec']['data']['sequences'],
): number {
  let count = 0;
  for (let user = 0; user + 1 < sequenceOffsets.length; user++) {
    const items = (sequenceOffsets[user + 1] as number) - (sequenceOffsets[user] as number);
    count += windowsOf(items, cut);
  }
  return count;
}

/** @throws EmptyPlanError where no user has anything to train on. */
export function requireSequences(sequences: number, users: number): void {
  if (sequences > 0) return;
  throw new EmptyPlanError(
    `Cannot plan a step: none of ${users} users has a training sequence: at least one must ` +
      'have two items besides the two that are held out',
  );
}

function windowsOf(items: number, cut: PlanInput['spec']['data']['sequences']): number {
  if (items < 2) return 0;
  return cut.longer === 'last' ? 1 : Math.ceil((items - 1) / cut.maxLength);
}
