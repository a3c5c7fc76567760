/**
 * Defaults of a job that others must know before there is a job, or that depend on something. Why they
 * are what they are, with figures: docs/decisions/0012-defaults-that-learn.md.
 */

/** Tokens of an item's text that the model reads: titles with a few fields have 10 to 40. */
export const defaultTextLength = 64;

/** As in HLLM. */
export const defaultEpochs = 10;
/**
 * A hundred users have two steps an epoch, and twenty are too few to learn anything. Two hundred already
 * learn so small a dataset by heart.
 */
export const fewestSteps = 100;

/** Epochs of a job that gives neither epochs nor steps. */
export function defaultEpochCount(stepsPerEpoch: number): number {
  return Math.max(defaultEpochs, Math.ceil(fewestSteps / Math.max(1, stepsPerEpoch)));
}

/** Of the default width, and of narrower models. */
const widestOfFullRate = 64;
const fullRate = 3e-3;

/**
 * AdamW moves every weight by about the learning rate, and a state sums over as many of them as it is
 * wide, so a wider model wants a smaller one. It is HLLM's 1e-4 at the width of its 1.1B model, 2048.
 */
export function defaultLearningRate(hiddenSize: number): number {
  return (fullRate * widestOfFullRate) / Math.max(widestOfFullRate, hiddenSize);
}

/** As in HLLM. */
const stepsToOneOfWarmup = 10;
/**
 * Steps over which AdamW's second moment, at its default decay of 0.999, forgets its start, twice: a
 * longer warm-up protects from nothing (Ma and Yarats, arXiv:1910.04209).
 */
const longestWarmup = 2000;

interface WarmupFields {
  readonly kind: string;
  readonly warmupSteps?: number | undefined;
}

/**
 * The warm-up of a job of `totalSteps`. With a constant schedule a job may grow, so none of its steps
 * may depend on how many there are: it has no warm-up where none is given.
 */
export function warmupOf({ kind, warmupSteps }: WarmupFields, totalSteps: number): number {
  if (warmupSteps !== undefined) return warmupSteps;
  if (kind === 'constant') return 0;
  return Math.min(longestWarmup, Math.floor(totalSteps / stepsToOneOfWarmup));
}
