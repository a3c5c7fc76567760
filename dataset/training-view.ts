/**
 * Leave-last-two, as HLLM evaluates (arXiv:2409.12740, section 4.1): a user's last item is the test
 * item, the one before it the validation item, what is left is for training. The history that the
 * test item is predicted from includes the validation item.
 */
import type { Dataset } from './dataset.js';

export type EvaluationSplit = 'validation' | 'test';

/** Fewer items leave no training item, and no history to predict the validation item from. */
export const leastItemsToEvaluate = 3;

type Sequences = Pick<Dataset, 'users' | 'sequenceOffsets' | 'sequenceItems'>;

/** What the plan sees of a dataset: nothing that is held out. */
export interface TrainingView {
  readonly digest: string;
  /** [users + 1]; a user with fewer than two training items has an empty sequence. */
  readonly sequenceOffsets: Uint32Array;
  readonly sequenceItems: Int32Array;
  /** Of each of them; null in a dataset without labels. */
  readonly sequenceLabels: Uint8Array | null;
  /** [items + 1] */
  readonly itemTokenOffsets: Uint32Array;
  readonly itemTokens: Int32Array;
}

/** Training items of a user who has `items` in all. */
export const trainingLength = (items: number): number => Math.max(0, items - 2);

/** Where each user's training items begin in a view. [users + 1] */
export function trainingOffsets({
  users,
  sequenceOffsets,
}: Pick<Dataset, 'users' | 'sequenceOffsets'>): Uint32Array {
  const offsets = new Uint32Array(users + 1);
  for (let user = 0; user < users; user++) {
    const length = trainingLength(sequenceOffsets[user + 1]! - sequenceOffsets[user]!);
    // One item alone has nothing to be predicted from.
    offsets[user + 1] = offsets[user]! + (length < 2 ? 0 : length);
  }
  return offsets;
}

/** The dataset without what is held out; the arrays of sequences are copies. */
export function trainingView(dataset: Dataset): TrainingView {
  const { users, sequenceOffsets, sequenceItems, sequenceLabels } = dataset;
  const offsets = trainingOffsets(dataset);
  const items = new Int32Array(offsets[users]!);
  const labels = sequenceLabels && new Uint8Array(offsets[users]!);
  for (let user = 0; user < users; user++) {
    const [start, length] = [sequenceOffsets[user]!, offsets[user + 1]! - offsets[user]!];
    items.set(sequenceItems.subarray(start, start + length), offsets[user]!);
    labels?.set(sequenceLabels!.subarray(start, start + length), offsets[user]!);
  }
  const { digest, itemTokenOffsets, itemTokens } = dataset;
  return {
    digest,
    sequenceOffsets: offsets,
    sequenceItems: items,
    sequenceLabels: labels,
    itemTokenOffsets,
    itemTokens,
  };
}

/** One question of an evaluation: which item follows this history? */
export interface EvaluationCase {
  readonly user: number;
  /** In the order of time; a view. */
  readonly history: Int32Array;
  /** The item number that should be ranked first. */
  readonly target: number;
}

/** Whether the user has enough items to be evaluated. */
export function isEvaluated({ sequenceOffsets }: Sequences, user: number): boolean {
  return sequenceOffsets[user + 1]! - sequenceOffsets[user]! >= leastItemsToEvaluate;
}

/** The users who are evaluated, the same for both splits, in order. */
export function evaluatedUsers(dataset: Sequences): Int32Array {
  const users = new Int32Array(dataset.users);
  let count = 0;
  for (let user = 0; user < dataset.users; user++) {
    if (isEvaluated(dataset, user)) users[count++] = user;
  }
  return users.slice(0, count);
}

/** @throws RangeError where the user is not evaluated */
export function evaluationCase(
  dataset: Sequences,
  split: EvaluationSplit,
  user: number,
): EvaluationCase {
  if (!isEvaluated(dataset, user)) {
    throw new RangeError(
      `Cannot evaluate user ${user}: it should have at least ${leastItemsToEvaluate} items`,
    );
  }
  const { sequenceOffsets, sequenceItems } = dataset;
  const target = sequenceOffsets[user + 1]! - (split === 'test' ? 1 : 2);
  return {
    user,
    history: sequenceItems.subarray(sequenceOffsets[user]!, target),
    target: sequenceItems[target]!,
  };
}

/** How often each item occurs in training. [items] */
export function trainingCounts(dataset: Sequences & Pick<Dataset, 'items'>): Uint32Array {
  const { users, items, sequenceOffsets, sequenceItems } = dataset;
  const counts = new Uint32Array(items);
  for (let user = 0; user < users; user++) {
    const [start, end] = [sequenceOffsets[user]!, sequenceOffsets[user + 1]!];
    for (let i = start; i < start + trainingLength(end - start); i++) {
      counts[sequenceItems[i]!] = counts[sequenceItems[i]!]! + 1;
    }
  }
  return counts;
}
