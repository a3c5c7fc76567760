/** One step further: what the guard remembers after a step, and what it makes of it. Pure. */
import {
  type GuardState,
  type Point,
  type Raised,
  type Readings,
  type SignalKind,
  signalKinds,
} from './guard-state.js';
import { cosineSmoothing, normWindow, quietAfter, startSteps } from './limits.js';
import { type GuardContext, signals } from './signals.js';

export interface Finding {
  readonly signal: SignalKind;
  /** What is, in the middle of a sentence. */
  readonly reason: string;
  readonly remedy: string;
}

export type Verdict =
  | { readonly kind: 'healthy' }
  /** The first of this in a while. Where several come at once, the surest. */
  | { readonly kind: 'warn'; readonly finding: Finding }
  /** Said again with every step that follows; `isNews` in the first. */
  | { readonly kind: 'collapsed'; readonly finding: Finding; readonly isNews: boolean };

export interface Watched {
  readonly state: GuardState;
  readonly verdict: Verdict;
}

/** Takes the readings of a committed step. Reads no clock, and no step twice. */
export function watchStep(before: GuardState, readings: Readings, context: GuardContext): Watched {
  const seen = remember(before, readings);
  const raised = raise(seen, readings, context);
  const state = {
    ...seen,
    ...decidePoints(seen, raised, readings.committedSteps),
    raised,
    // What has just been measured is no part of what it is compared with.
    norms: [...seen.norms, readings.gradientNorm].slice(-normWindow),
  };
  const found = (kind: SignalKind): Finding => ({
    signal: kind,
    reason: signals[kind].say(readings, seen),
    remedy: signals[kind].remedy,
  });
  const certain = signalKinds.find((kind) => isCertain(kind, raised[kind]?.steps ?? 0));
  if (certain !== undefined) {
    const isNews = before.raised[certain]?.certain !== true;
    return { state, verdict: { kind: 'collapsed', finding: found(certain), isNews } };
  }
  const news = signalKinds.find(
    (kind) => raised[kind]?.warned === true && before.raised[kind]?.warned !== true,
  );
  if (news === undefined) return { state, verdict: { kind: 'healthy' } };
  return { state, verdict: { kind: 'warn', finding: found(news) } };
}

/** A checkpoint of the newest step is being written: it may turn out healthy. */
export function withCandidate(state: GuardState, point: Point): GuardState {
  // The one before is not decided yet: so there is never more than one that must stay on disk for it.
  if (state.candidate !== null || hasWarned(state.raised)) return state;
  return { ...state, candidate: point };
}

function remember(state: GuardState, { liveNegatives, itemCosine }: Readings): GuardState {
  const steps = state.steps + 1;
  const { start } = state;
  const present =
    state.steps === 0
      ? itemCosine
      : state.cosine.present + (itemCosine - state.cosine.present) / cosineSmoothing;
  return {
    ...state,
    steps,
    start:
      steps > startSteps
        ? start
        : { liveNegatives: start.liveNegatives + (liveNegatives - start.liveNegatives) / steps },
    cosine: { lowest: Math.min(state.cosine.lowest, present), present },
  };
}

type RaisedSignals = GuardState['raised'];

function raise(state: GuardState, readings: Readings, context: GuardContext): RaisedSignals {
  const raised: Partial<Record<SignalKind, Raised>> = {};
  for (const kind of signalKinds) {
    const next = signals[kind].isRaised(readings, state, context)
      ? longer(kind, state.raised[kind])
      : quieter(state.raised[kind]);
    if (next !== null) raised[kind] = next;
  }
  return raised;
}

function longer(kind: SignalKind, before: Raised | undefined): Raised {
  const steps = (before?.steps ?? 0) + 1;
  return {
    steps,
    quiet: 0,
    warned: before?.warned === true || steps >= signals[kind].warnAfter,
    certain: before?.certain === true || isCertain(kind, steps),
  };
}

/** Null where it has been quiet for so long that the next one is news. */
function quieter(before: Raised | undefined): Raised | null {
  if (before === undefined || before.quiet + 1 >= quietAfter) return null;
  return { ...before, steps: Math.max(0, before.steps - 1), quiet: before.quiet + 1 };
}

const isCertain = (kind: SignalKind, steps: number): boolean =>
  steps >= (signals[kind].certainAfter ?? Number.POSITIVE_INFINITY);

export const hasWarned = (raised: RaisedSignals): boolean =>
  Object.values(raised).some(({ warned }) => warned);

/** A checkpoint that a warning follows soon is not healthy; one that none follows is. */
function decidePoints(
  { candidate, healthy }: GuardState,
  raised: RaisedSignals,
  committedSteps: number,
): Pick<GuardState, 'candidate' | 'healthy'> {
  if (candidate === null) return { candidate, healthy };
  if (hasWarned(raised)) return { candidate: null, healthy };
  const isProven = committedSteps - candidate.committedSteps >= quietAfter;
  return isProven ? { candidate: null, healthy: candidate } : { candidate, healthy };
}
