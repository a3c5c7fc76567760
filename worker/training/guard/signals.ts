/**
 * The signals of a collapse: each a rule over what a step tells and what is remembered, with the sentence
 * that tells it. Pure; docs/guard.md explains them.
 */
import { maxLogitScale } from '../../model/objectives/generative/temperature.js';
import type { GuardState, Readings, SignalKind } from './guard-state.js';
import {
  alikeAfter,
  alikeCosine,
  apartCosine,
  certainAfter,
  clampedAfter,
  emptyAfter,
  emptyLoss,
  explodingNorm,
  fewNegatives,
  hardlyNegatives,
  normsNeeded,
  warnAfter,
} from './limits.js';

/** What the guard must know of the training besides its steps. */
export interface GuardContext {
  /** Whether negatives are left out for the likeness of embeddings. */
  readonly masksByCosine: boolean;
  /** A gradient that is shorter no longer moves the weights. */
  readonly vanishingNorm: number;
}

export interface Signal {
  isRaised(readings: Readings, state: GuardState, context: GuardContext): boolean;
  /** Steps with it, less those without, before a warning. */
  readonly warnAfter: number;
  /** The same before the training has collapsed; null where the signal alone never tells. */
  readonly certainAfter: number | null;
  /** What is, in the middle of a sentence. */
  say(readings: Readings, state: GuardState): string;
  /** What should be changed, likewise. */
  readonly remedy: string;
}

const maskRemedy =
  'set objective.falseNegatives to text, raise objective.falseNegativeThreshold or lower ' +
  'optimizer.learningRate';

const liveOf = ({ liveNegatives, negatives }: Readings): string =>
  `${shown(liveNegatives)} of ${negatives} negatives are held against a prediction`;

/**
 * The mask takes away negatives that it did not at the start. Only a mask by cosine follows the model; what
 * other masks leave out is a matter of the texts.
 */
const negatives: Signal = {
  isRaised: ({ liveNegatives, negatives: drawn }, { start }, { masksByCosine }) =>
    masksByCosine &&
    drawn > 0 &&
    (liveNegatives < fewNegatives * start.liveNegatives || liveNegatives < hardlyNegatives * drawn),
  warnAfter,
  certainAfter: null,
  say: (readings, { start }) =>
    `only ${liveOf(readings)}, ${shown(start.liveNegatives)} at its start: embeddings that move ` +
    'together leave out their own negatives',
  remedy: maskRemedy,
};

/** So many are left out that the loss falls with the mask, whatever the model learns. */
const masked: Signal = {
  ...negatives,
  isRaised: ({ liveNegatives, negatives: drawn }, _state, { masksByCosine }) =>
    masksByCosine && drawn > 0 && liveNegatives < hardlyNegatives * drawn,
  certainAfter,
};

/** A loss that is nearly zero because nothing is left to tell apart. */
const emptyLossSignal: Signal = {
  isRaised: (readings, state, context) =>
    readings.loss < emptyLoss * Math.log(1 + readings.negatives) &&
    masked.isRaised(readings, state, context),
  warnAfter,
  certainAfter: emptyAfter,
  say: (readings) => `the loss is ${shown(readings.loss)} because only ${liveOf(readings)}`,
  remedy: maskRemedy,
};

/** The items look the same, and did not before. */
const alike: Signal = {
  isRaised: ({ itemCosine }, { cosine }) => itemCosine > alikeCosine && cosine.lowest < apartCosine,
  warnAfter,
  certainAfter: alikeAfter,
  say: ({ itemCosine }, { cosine }) =>
    `the embeddings of all items have moved together: two of them have a mean cosine of ` +
    `${itemCosine.toFixed(4)}, ${cosine.lowest.toFixed(2)} at best`,
  remedy: 'lower optimizer.learningRate or lengthen optimizer.schedule.warmupSteps',
};

/** Nothing moves any more. */
const vanishing: Signal = {
  isRaised: ({ gradientNorm }, _state, { vanishingNorm }) => gradientNorm < vanishingNorm,
  warnAfter,
  certainAfter: null,
  say: ({ gradientNorm }) =>
    `the gradient has vanished: at a norm of ${shown(gradientNorm)} it hardly moves a weight`,
  remedy: 'lower optimizer.learningRate, or end the training earlier',
};

/**
 * Training wants a temperature that it may not have. The lower bound of the scale gives up telling items
 * apart; the upper one is common in long trainings that go well, and a sign only of one that is worse
 * than a guess.
 */
const temperature: Signal = {
  isRaised: ({ logitScale, loss, negatives: drawn }) => {
    if (logitScale === null || drawn === 0) return false;
    return logitScale <= 0 || (logitScale >= maxLogitScale && loss > Math.log(1 + drawn));
  },
  warnAfter: clampedAfter,
  certainAfter: null,
  say: ({ logitScale, loss }) =>
    `the temperature has stayed at its bound of ${shown(Math.exp(-(logitScale ?? 0)))} with a loss of ` +
    `${shown(loss)}`,
  remedy: 'lower optimizer.learningRate',
};

const exploding: Signal = {
  isRaised: ({ gradientNorm }, { norms }) =>
    norms.length >= normsNeeded && gradientNorm > explodingNorm * median(norms),
  warnAfter,
  certainAfter: null,
  say: ({ gradientNorm }, { norms }) =>
    `the norm of the gradient is ${shown(gradientNorm)}, ${shown(median(norms))} over the last ` +
    `${norms.length} steps`,
  remedy: 'lower optimizer.learningRate or optimizer.clipGradNorm',
};

export const signals: Readonly<Record<SignalKind, Signal>> = {
  'empty-loss': emptyLossSignal,
  masked,
  negatives,
  alike,
  vanishing,
  temperature,
  exploding,
};

/** Of an even number, the upper one of the two in the middle. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

/** Three digits: enough to see, and the same wherever it is printed. */
const shown = (value: number): string => String(Number(value.toPrecision(3)));
