/**
 * What the guard remembers of a training: numbers only, the same on every member, part of every checkpoint.
 * A run that was resumed warns, rolls back and ends at the same steps as one that never stopped.
 */

/** In the order in which they are named where several are raised: the surest first. */
export const signalKinds = [
  'empty-loss',
  'masked',
  'negatives',
  'alike',
  'vanishing',
  'temperature',
  'exploding',
] as const;

export type SignalKind = (typeof signalKinds)[number];

/** What a step tells the guard. */
export interface Readings {
  /** This step included. */
  readonly committedSteps: number;
  readonly loss: number;
  /** Drawn for each prediction; 0 where the objective has none. */
  readonly negatives: number;
  /** Mean over predictions of those that were not left out as false. */
  readonly liveNegatives: number;
  /** Mean of two different items of the step. */
  readonly itemCosine: number;
  /** Before clipping. */
  readonly gradientNorm: number;
  /** Null where the objective has none. */
  readonly logitScale: number | null;
}

/** A signal that is or was raised in the recent past. */
export interface Raised {
  /** Steps with it less those without, since it came up: a collapse that flickers counts too. */
  readonly steps: number;
  /** Steps in a row in which it has been quiet since. */
  readonly quiet: number;
  /** That it has been warned of, or been certain, since it came up. */
  readonly warned: boolean;
  readonly certain: boolean;
}

/** A checkpoint on disk that the guard may need. */
export interface Point {
  readonly committedSteps: number;
  /** Committed steps of the best evaluation as this checkpoint knows it; null without one. */
  readonly best: number | null;
}

/** A collapse after which training went on. */
export interface Collapse {
  /** After which it was noticed. */
  readonly committedSteps: number;
  /** Of the checkpoint whose weights training went on with; 0 for the first weights. */
  readonly rolledBackTo: number;
  /** `failed-step` where a step could not be committed. */
  readonly signal: SignalKind | 'failed-step';
}

export interface GuardState {
  /** Steps watched since training began, or was rolled back. */
  readonly steps: number;
  /** Means over the first of them. */
  readonly start: { readonly liveNegatives: number };
  /** Of the items, smoothed over some steps: the present mean, and the lowest one so far. */
  readonly cosine: { readonly lowest: number; readonly present: number };
  /** Gradient norms of the last steps, oldest first. */
  readonly norms: readonly number[];
  readonly raised: Readonly<Partial<Record<SignalKind, Raised>>>;
  /** The last checkpoint that no signal followed; null before the first. */
  readonly healthy: Point | null;
  /** A checkpoint that may turn out healthy. */
  readonly candidate: Point | null;
  readonly collapses: readonly Collapse[];
}

export const firstGuardState: GuardState = {
  steps: 0,
  start: { liveNegatives: 0 },
  cosine: { lowest: 1, present: 1 },
  norms: [],
  raised: {},
  healthy: null,
  candidate: null,
  collapses: [],
};
