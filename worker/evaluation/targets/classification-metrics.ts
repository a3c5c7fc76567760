/**
 * How well logits tell wanted targets from unwanted ones.
 *
 * AUC is the share of pairs of a wanted and an unwanted target in which the wanted one has the larger
 * logit; a pair of equal logits counts half (Hanley and McNeil, "The meaning and use of the area under
 * a ROC curve", Radiology 143, 1982). Grouped AUC is the mean of the users' own AUCs, weighted by their
 * targets (Zhu et al., "Optimized cost per click in Taobao display advertising", KDD 2017); a user whose
 * targets are all of one class has none.
 *
 * Legend: T targets, U users.
 */
import type { ClassificationMetric } from '../../../shared/job-spec/rules/classification-metrics.js';

export interface Judged {
  /** Sigmoids of them are probabilities of being wanted. [T] */
  readonly logits: Float32Array;
  /** 1 is wanted, 0 is not. [T] */
  readonly labels: Uint8Array;
  /** User u has targets offsets[u]..offsets[u+1]. [U+1] */
  readonly offsets: Int32Array;
}

/** In natural units, and in [0, 1] where it is an AUC; a metric that does not exist is left out. */
export type ClassificationValues = Readonly<Partial<Record<ClassificationMetric, number>>>;

/**
 * Summed in the order of the targets, so that the same logits give the same bits.
 *
 * @throws RangeError where a logit is NaN, since NaN compares as smaller than everything.
 */
export function classificationValues(judged: Judged): ClassificationValues {
  const { logits, labels, offsets } = judged;
  const nan = logits.findIndex(Number.isNaN);
  if (nan >= 0) throw new RangeError(`Cannot evaluate target ${nan}: its logit is NaN`);
  if (logits.length === 0) return {};
  const auc = areaUnderCurve(logits, labels);
  const gauc = groupedArea(logits, labels, offsets);
  return {
    ...(auc !== null && { auc }),
    ...(gauc !== null && { gauc }),
    logloss: logLoss(labels, (target) => logits[target]!),
  };
}

/** Users whose targets are all wanted, or all unwanted: they have no AUC of their own. */
export function usersOfOneClass({ labels, offsets }: Pick<Judged, 'labels' | 'offsets'>): number {
  let count = 0;
  for (let user = 0; user + 1 < offsets.length; user++) {
    const own = labels.subarray(offsets[user], offsets[user + 1]);
    if (own.every((label) => label === own[0])) count++;
  }
  return count;
}

/**
 * The log-loss of saying the same to everybody.
 *
 * @param rate the share of wanted targets in training
 */
export function logLossOfRate(labels: Uint8Array, rate: number): number {
  // A rate of 0 or 1 would be infinitely wrong about the first exception.
  const said = Math.min(1 - leastRate, Math.max(leastRate, rate));
  const logit = Math.log(said / (1 - said));
  return logLoss(labels, () => logit);
}

const leastRate = 1e-15;

/** Null where there is no pair. */
function areaUnderCurve(logits: Float32Array, labels: Uint8Array): number | null {
  const order = Uint32Array.from(labels.keys()).sort((a, b) => logits[a]! - logits[b]!);
  // Whole and half pairs are counted as two and one, so that nothing is rounded up to 2^53.
  let [halves, unwantedBelow, wanted] = [0, 0, 0];
  for (let from = 0; from < order.length; ) {
    let [end, wantedHere] = [from, 0];
    for (; end < order.length && logits[order[end]!] === logits[order[from]!]; end++) {
      wantedHere += labels[order[end]!]!;
    }
    const unwantedHere = end - from - wantedHere;
    halves += wantedHere * (2 * unwantedBelow + unwantedHere);
    unwantedBelow += unwantedHere;
    wanted += wantedHere;
    from = end;
  }
  const pairs = wanted * unwantedBelow;
  return pairs === 0 ? null : halves / (2 * pairs);
}

/** Null where no user has both classes. */
function groupedArea(logits: Float32Array, labels: Uint8Array, offsets: Int32Array): number | null {
  let [sum, targets] = [0, 0];
  for (let user = 0; user + 1 < offsets.length; user++) {
    const [start, end] = [offsets[user]!, offsets[user + 1]!];
    const own = areaUnderCurve(logits.subarray(start, end), labels.subarray(start, end));
    if (own === null) continue;
    sum += own * (end - start);
    targets += end - start;
  }
  return targets === 0 ? null : sum / targets;
}

/** Mean of -log p of what each target is, from logits, in a form that does not overflow. */
function logLoss(labels: Uint8Array, logitOf: (target: number) => number): number {
  let sum = 0;
  for (let target = 0; target < labels.length; target++) {
    const logit = logitOf(target);
    sum += Math.max(logit, 0) - logit * labels[target]! + Math.log1p(Math.exp(-Math.abs(logit)));
  }
  return sum / labels.length;
}
