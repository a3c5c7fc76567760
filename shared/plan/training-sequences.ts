/**
 * The sequences that a dataset is trained on: each user's history, cut where it is too long.
 *
 * A history is cut from its end, so that the newest window is full: evaluation and serving read
 * full windows of the newest items too. Windows overlap by one item, which is the last prediction of
 * one and the first input of the next, so every transition is predicted exactly once.
 *
 * With targets, a window is a history and the few interactions behind it, which are its targets; the
 * windows are as far apart as they have targets, so every interaction but a user's first is the target
 * of exactly one.
 */
import { EmptyPlanError } from '../errors.js';
import type { PlanDataset, PlanInput } from './plan-input.js';

export interface SequenceCut {
  /** Items that the user model reads. */
  readonly maxLength: number;
  readonly longer: 'windows' | 'last';
  /** Interactions behind a history that are its targets, at most; null where there are no targets. */
  readonly targets: number | null;
}

export const sequenceCut = ({ spec }: Pick<PlanInput, 'spec'>): SequenceCut => ({
  ...spec.data.sequences,
  targets: spec.objective.targets?.perUser ?? null,
});

export interface TrainingSequences {
  /** The user of each sequence; sequences of a user are neighbours, oldest first. [S] */
  readonly users: Int32Array;
  /** Where each begins in `sequenceItems`. [S] */
  readonly starts: Uint32Array;
  /** Items of each: 2 to maxLength + 1; with targets, 1 to maxLength. [S] */
  readonly lengths: Int32Array;
  /** Interactions right behind each that are its targets, where they have labels. [S] */
  readonly targets: Int32Array;
}

/** A user with fewer than two items has nothing to predict and gives no sequence. */
export function trainingSequences(
  dataset: Pick<PlanDataset, 'sequenceOffsets'>,
  cut: SequenceCut,
): TrainingSequences {
  const count = countSequences(dataset.sequenceOffsets, cut);
  const users = new Int32Array(count);
  const starts = new Uint32Array(count);
  const lengths = new Int32Array(count);
  const targets = new Int32Array(count);
  let at = 0;
  for (let user = 0; user + 1 < dataset.sequenceOffsets.length; user++) {
    const start = dataset.sequenceOffsets[user] as number;
    const end = dataset.sequenceOffsets[user + 1] as number;
    const windows = windowsOf(end - start, cut);
    for (let window = windows - 1; window >= 0; window--) {
      const windowEnd = end - window * stride(cut);
      // The last item of a sequence without targets is predicted, and not read.
      const read =
        cut.targets === null ? windowEnd - 1 : Math.max(start + 1, windowEnd - cut.targets);
      const sequenceEnd = cut.targets === null ? windowEnd : read;
      const windowStart = Math.max(start, read - cut.maxLength);
      users[at] = user;
      starts[at] = windowStart;
      lengths[at] = sequenceEnd - windowStart;
      targets[at] = windowEnd - sequenceEnd;
      at++;
    }
  }
  return { users, starts, lengths, targets };
}

/** S, without building the sequences. */
export function countSequences(sequenceOffsets: Uint32Array, cut: SequenceCut): number {
  let count = 0;
  for (let user = 0; user + 1 < sequenceOffsets.length; user++) {
    const items = (sequenceOffsets[user + 1] as number) - (sequenceOffsets[user] as number);
    count += windowsOf(items, cut);
  }
  return count;
}

/** How many sequences of an epoch are each user's. [users] */
export function sequencesOfUsers(sequenceOffsets: Uint32Array, cut: SequenceCut): Uint32Array {
  const counts = new Uint32Array(Math.max(0, sequenceOffsets.length - 1));
  for (let user = 0; user < counts.length; user++) {
    const items = (sequenceOffsets[user + 1] as number) - (sequenceOffsets[user] as number);
    counts[user] = windowsOf(items, cut);
  }
  return counts;
}

/** @throws EmptyPlanError where no user has anything to train on. */
export function requireSequences(sequences: number, users: number): void {
  if (sequences > 0) return;
  throw new EmptyPlanError(
    `Cannot plan a step: none of ${users} users has a training sequence: at least one must ` +
      'have two items besides the two that are held out',
  );
}

function windowsOf(items: number, cut: SequenceCut): number {
  if (items < 2) return 0;
  return cut.longer === 'last' ? 1 : Math.ceil((items - 1) / stride(cut));
}

/** How far one window ends behind the one before it. */
const stride = ({ targets, maxLength }: SequenceCut): number => targets ?? maxLength;
