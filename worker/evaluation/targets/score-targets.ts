/**
 * Logits of an evaluation's targets. Like a step it is cut into lanes: each member scores the users of
 * its lanes, in batches that do not depend on who else is there, and everyone gathers all.
 *
 * Legend: U users, T targets, D distinct texts, H hidden size.
 */
import type { Dataset } from '../../../dataset/dataset.js';
import { evaluationCase } from '../../../dataset/training-view.js';
import type { Exchange } from '../../collective/exchange.js';
import type { Tag } from '../../collective/tag.js';
import type { Hllm } from '../../model/hllm.js';
import { LaneDeal } from '../../training/step/lane-deal.js';
import { packHistories } from '../pack-histories.js';
import type { LabelledQuestions } from './labelled-questions.js';

export interface ScoreParts {
  readonly dataset: Dataset;
  readonly model: Hllm;
  readonly exchange: Exchange;
  /** Items that the user model reads at most: the newest ones of a history. */
  readonly maxLength: number;
  readonly pause?: () => Promise<void>;
}

export interface Texts {
  /** The row of each item's text. [items] */
  readonly groupOf: Int32Array;
  /** [D * H] */
  readonly embeddings_DH: Float32Array;
}

/** Bounds of one batch: a history is read once, and each target is one row more. */
const usersOfBatch = 64;
const targetsOfBatch = 4096;

/** The same on every member. [T] */
export async function scoreTargets(
  parts: ScoreParts,
  asked: LabelledQuestions,
  texts: Texts,
  tag: Tag,
  onDone: (users: number) => void,
): Promise<Float32Array> {
  const { users, offsets, items } = asked;
  const deal = new LaneDeal(parts.exchange);
  const logits_T = new Float32Array(new SharedArrayBuffer(items.length * 4));
  const own = deal.own(users.length);
  const owned = own.reduce((sum, [first, last]) => sum + last - first, 0);
  let scored = 0;
  for (const [first, last] of own) {
    for (let at = first; at < last; ) {
      await parts.pause?.();
      const end = batchEnd(offsets, at, last);
      scoreBatch(parts, asked, texts, at, end, logits_T);
      scored += end - at;
      at = end;
      onDone(Math.round((scored / owned) * users.length));
    }
  }
  const ofMembers = deal
    .ofMembers(users.length)
    .map(([start, end]) => logits_T.subarray(offsets[start], offsets[end]));
  await parts.exchange.allGather(tag, ofMembers);
  return logits_T;
}

/** One user at least, however many targets there are. */
function batchEnd(offsets: Int32Array, at: number, last: number): number {
  let end = at + 1;
  const fits = (next: number): boolean => offsets[next]! - offsets[at]! <= targetsOfBatch;
  while (end < last && end - at < usersOfBatch && fits(end + 1)) end++;
  return end;
}

function scoreBatch(
  { dataset, model, maxLength }: ScoreParts,
  { split, users, offsets, items }: LabelledQuestions,
  { groupOf, embeddings_DH }: Texts,
  first: number,
  end: number,
  logits_T: Float32Array,
): void {
  const histories = Array.from(
    users.subarray(first, end),
    (user) => evaluationCase(dataset, split, user).history,
  );
  const { sequences, order } = packHistories(histories, groupOf, maxLength);
  const startOf = (index: number): number => offsets[first + index]!;
  const endOf = (index: number): number => offsets[first + index + 1]!;
  const targetOffsets = new Int32Array(order.length + 1);
  order.forEach((index, at) => {
    targetOffsets[at + 1] = targetOffsets[at]! + endOf(index) - startOf(index);
  });
  const rows = new Int32Array(targetOffsets[order.length]!);
  order.forEach((index, at) => {
    const own = items.subarray(startOf(index), endOf(index));
    rows.set(
      own.map((item) => groupOf[item]!),
      targetOffsets[at],
    );
  });
  const logits = model.scoreTargets(sequences, { offsets: targetOffsets, rows }, embeddings_DH);
  order.forEach((index, at) => {
    logits_T.set(logits.subarray(targetOffsets[at], targetOffsets[at + 1]), startOf(index));
  });
}
