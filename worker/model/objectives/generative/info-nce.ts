/**
 * The generative loss of HLLM: which of [positive, negatives] comes next, by cosine similarity
 * under a learned temperature (HLLM, arXiv:2409.12740, section 3.2; InfoNCE).
 *
 * The gradient is derived by hand, so that the matrix of logits is computed once. With g the
 * gradient of the logits (softmax minus one-hot, times the weight of a prediction) and s the scale,
 * the unit vectors get s g times their partners, and a vector x = |x| u gets the part of du that is
 * perpendicular to u, divided by |x|.
 *
 * Legend: R predictions, K negatives, H hidden size.
 */
import {
  add,
  cast,
  concat,
  div,
  engine,
  equal,
  exp,
  expandDims,
  fill,
  greater,
  log,
  matMul,
  max,
  mul,
  reshape,
  slice,
  sqrt,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tidy,
  where,
  zeros,
} from '@tensorflow/tfjs-core';
import { hasKernel } from '../../autodiff/has-kernel.js';
import { lowestFloat } from '../../decoder/lowest-float.js';
import type { FalseNegatives } from '../../model-config.js';

export interface InfoNceInputs {
  /** What the user model predicts. [R, H] */
  readonly users: Tensor2D;
  /** The embeddings of the items that came next. [R, H] */
  readonly positives: Tensor2D;
  /** [K, H] */
  readonly negatives: Tensor2D;
  /** Of the step's item matrix, where equal texts have one row: int32. [R], [K] */
  readonly positiveRows: Tensor1D;
  readonly negativeRows: Tensor1D;
}

export interface InfoNceSettings {
  /** exp of the clamped `logit_scale`. */
  readonly scale: number;
  /** Which negatives are left out. */
  readonly falseNegatives: FalseNegatives;
  /** Weight of every prediction's loss. */
  readonly lossScale: number;
  /** Whether the matrix of logits is wanted, which a trainer has no use for. */
  readonly keepLogits: boolean;
}

/** The caller disposes of all of them. */
export interface InfoNceTensors {
  /** Loss of each prediction, unweighted. [R] */
  readonly losses: Tensor1D;
  /** Logit of each prediction's positive. [R] */
  readonly positiveLogits: Tensor1D;
  /** Largest logit of each prediction. [R] */
  readonly best: Tensor1D;
  /** How many negatives each prediction left out. [R] */
  readonly masked: Tensor1D;
  /** Positive first, then every negative; left out is -infinity. [R, 1+K]; null unless kept. */
  readonly logits: Tensor2D | null;
  readonly dUsers: Tensor2D;
  readonly dPositives: Tensor2D;
  readonly dNegatives: Tensor2D;
  /** Gradient of `logit_scale`, by prediction: their sum is the parameter's. [R] */
  readonly dLogitScale: Tensor1D;
}

const fusedLoss = 'LockstepInfoNce';

/** Logits of one chunk in the fused kernel, which holds about four such matrices of floats. */
const chunkElements = 2 ** 24;

export function infoNce(inputs: InfoNceInputs, settings: InfoNceSettings): InfoNceTensors {
  const isFused = hasKernel(fusedLoss);
  return isFused
    ? fusedInfoNce(inputs, settings, chunkElements)
    : composedInfoNce(inputs, settings);
}

/** The engine's kernel, which goes over chunks of negatives. */
export function fusedInfoNce(
  { users, positives, negatives, positiveRows, negativeRows }: InfoNceInputs,
  { scale, falseNegatives, lossScale, keepLogits }: InfoNceSettings,
  elements: number,
): InfoNceTensors {
  const outputs = engine().runKernel(
    fusedLoss,
    { users, positives, negatives, positiveRows, negativeRows },
    {
      scale,
      falseNegatives: falseNegatives.kind,
      threshold: thresholdOf(falseNegatives),
      lossScale,
      logits: keepLogits,
      chunkElements: elements,
    },
  ) as Tensor[];
  const [losses, positiveLogits, best, masked, dUsers, dPositives, dNegatives, dLogitScale] =
    outputs as [Tensor1D, Tensor1D, Tensor1D, Tensor1D, Tensor2D, Tensor2D, Tensor2D, Tensor1D];
  return {
    losses,
    positiveLogits,
    best,
    masked,
    logits: keepLogits ? (outputs.at(-1) as Tensor2D) : null,
    dUsers,
    dPositives,
    dNegatives,
    dLogitScale,
  };
}

/** The definition, on operations that every engine has. */
export function composedInfoNce(inputs: InfoNceInputs, settings: InfoNceSettings): InfoNceTensors {
  const { logits, ...rest } = compose(inputs, settings);
  if (settings.keepLogits) return { ...rest, logits };
  logits.dispose();
  return { ...rest, logits: null };
}

type Composed = InfoNceTensors & { readonly logits: Tensor2D };

function compose(inputs: InfoNceInputs, settings: InfoNceSettings): Composed {
  const { scale, falseNegatives, lossScale } = settings;
  return tidy(() => {
    const users = unitRows(inputs.users);
    const positives = unitRows(inputs.positives);
    const negatives = unitRows(inputs.negatives);

    const positive_R1 = sum(mul(users.unit, positives.unit), 1, true);
    const negative_RK = matMul(users.unit, negatives.unit, false, true);
    const likeness_RK = likeness(falseNegatives, inputs, positives.unit, negatives.unit);
    const isFalse_RK = greater(likeness_RK, thresholdOf(falseNegatives));
    const live_RK = where(isFalse_RK, fill(negative_RK.shape, lowestFloat), negative_RK);
    const logits = mul(concat([positive_R1, live_RK], 1), scale);

    const best_R1 = max(logits, 1, true);
    const weights = exp(sub(logits, best_R1));
    const total_R1 = sum(weights, 1, true);
    const positiveLogit_R1 = mul(positive_R1, scale);
    const losses = sub(add(best_R1, log(total_R1)), positiveLogit_R1);

    // Cosines, not logits, are multiplied below: a logit that was left out is infinite.
    const shares = mul(div(weights, total_R1), lossScale);
    const gPositive_R1 = sub(slice(shares, [0, 0], [-1, 1]), lossScale);
    const gNegative_RK = slice(shares, [0, 1], [-1, -1]) as Tensor2D;
    const pull = add(matMul(gNegative_RK, negatives.unit), mul(gPositive_R1, positives.unit));
    const temperature_R1 = add(
      mul(gPositive_R1, positive_R1),
      sum(mul(gNegative_RK, negative_RK), 1, true),
    );
    return {
      losses: column(losses),
      positiveLogits: column(positiveLogit_R1),
      best: column(best_R1),
      masked: sum(cast(isFalse_RK, 'float32'), 1) as Tensor1D,
      logits: logits as Tensor2D,
      dUsers: ofRows(users, mul(pull, scale)),
      dPositives: ofRows(positives, mul(mul(gPositive_R1, users.unit), scale)),
      dNegatives: ofRows(negatives, mul(matMul(gNegative_RK, users.unit, true), scale)),
      dLogitScale: column(mul(temperature_R1, scale)),
    };
  });
}

/** How like a positive each negative is: more than the threshold, and it is left out. [R, K] */
function likeness(
  { kind }: FalseNegatives,
  { positiveRows, negativeRows }: InfoNceInputs,
  positives: Tensor2D,
  negatives: Tensor2D,
): Tensor {
  switch (kind) {
    case 'cosine':
      return matMul(positives, negatives, false, true);
    case 'rows':
      return cast(equal(expandDims(positiveRows, 1), expandDims(negativeRows, 0)), 'float32');
    case 'none':
      return zeros([positives.shape[0], negatives.shape[0]]);
  }
}

/** Rows are like each other (1) or not (0). */
const thresholdOf = (falseNegatives: FalseNegatives): number =>
  falseNegatives.kind === 'cosine' ? falseNegatives.threshold : 0.5;

interface UnitRows {
  readonly unit: Tensor2D;
  /** [., 1] */
  readonly norm: Tensor;
}

function unitRows(x: Tensor2D): UnitRows {
  const norm = sqrt(sum(mul(x, x), 1, true));
  return { unit: div(x, norm), norm };
}

/** The gradient of x, given that of x / |x|. */
function ofRows({ unit, norm }: UnitRows, dUnit: Tensor): Tensor2D {
  const along = sum(mul(dUnit, unit), 1, true);
  return div(sub(dUnit, mul(along, unit)), norm);
}

const column = (x_R1: Tensor): Tensor1D => reshape(x_R1, [-1]);
