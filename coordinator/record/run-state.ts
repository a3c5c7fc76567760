/**
 * What a run's log comes to: all that a leader must know that nobody else can tell it. A leader that
 * begins folds the whole log; so does whoever stands by, while it is written.
 */
import type { WorkerId } from '../../shared/ids.js';
import { workerId } from '../../shared/ids.js';
import { membersMax } from '../../shared/limits.js';
import type { Happening, LogEntry } from '../../shared/messages/cluster/log-entry.js';
import type { ReportedMetrics, ReportedStep } from '../../shared/messages/report-fields.js';
import type { LiveNegatives, OperatorEvent, RunResult } from '../../shared/messages/run-events.js';

export interface LoggedGeneration {
  readonly generation: number;
  readonly members: readonly { readonly worker: WorkerId; readonly lanes: number }[];
  readonly started: boolean;
}

export type RunEnd =
  | { readonly kind: 'finished'; readonly result: RunResult }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

export interface RunState {
  readonly fence: number;
  readonly recordedSteps: number;
  /** The most there ever were: from an older checkpoint, steps are recorded again. */
  readonly furthestSteps: number;
  /** The last ones, oldest first: steps that are still open are of one of them. */
  readonly generations: readonly LoggedGeneration[];
  /** Someone has begun to train: what checkpoints lie about are the run's own. */
  readonly hasTrained: boolean;
  readonly checkpoint: { readonly committedSteps: number; readonly path: string } | null;
  readonly validatedSteps: number;
  readonly rollBacks: readonly { readonly committedSteps: number; readonly collapses: number }[];
  readonly evaluated: {
    readonly committedSteps: number;
    readonly results: readonly ReportedMetrics[];
  } | null;
  readonly liveNegatives: LiveNegatives | null;
  /** The newest reason why nobody trains; null where somebody does. */
  readonly waiting: string | null;
  readonly stopping: boolean;
  /** Who asked last for it, and the committed steps at which the run stands; null where it trains. */
  readonly paused: { readonly by: string; readonly standsAt: number } | null;
  /** Steps of which an operator wants a checkpoint at least; null once there is one. */
  readonly wishedCheckpoint: number | null;
  /** Processes that hand over and end, the newest last. */
  readonly draining: readonly { readonly worker: WorkerId; readonly incarnation: string }[];
  /** The last requests that were taken or refused: a repetition of one is known. */
  readonly requests: readonly string[];
  readonly end: RunEnd | null;
}

export const emptyRun: RunState = {
  fence: 0,
  recordedSteps: 0,
  furthestSteps: 0,
  generations: [],
  hasTrained: false,
  checkpoint: null,
  validatedSteps: 0,
  rollBacks: [],
  evaluated: null,
  liveNegatives: null,
  waiting: null,
  stopping: false,
  paused: null,
  wishedCheckpoint: null,
  draining: [],
  requests: [],
  end: null,
};

/** A run that had ended is gone on with: what was asked before was asked of what is over. */
const goneOnWith = {
  ...{ end: null, stopping: false, evaluated: null, waiting: null },
  ...{ paused: null, wishedCheckpoint: null, draining: [] },
} satisfies Partial<RunState>;

/** Whoever asks repeats itself for seconds only. */
const requestsKept = 256;

/** Steps are recorded long before so many generations have passed. */
const generationsKept = 16;

export function foldEntry(state: RunState, { fence, entry }: LogEntry): RunState {
  return { ...foldHappening(state, entry), fence: Math.max(state.fence, fence) };
}

export function foldHappening(state: RunState, entry: Happening): RunState {
  switch (entry.kind) {
    case 'led':
      return state.end === null ? state : { ...state, ...goneOnWith };
    case 'generation':
      return foldGeneration(state, entry);
    case 'waiting':
      return { ...state, waiting: entry.reason };
    case 'committed':
      return {
        ...state,
        recordedSteps: entry.report.step + 1,
        furthestSteps: Math.max(state.furthestSteps, entry.report.step + 1),
        waiting: null,
        liveNegatives: countLive(state.liveNegatives, entry.report),
      };
    case 'checkpointed': {
      const { committedSteps, path } = entry;
      const wished = state.wishedCheckpoint;
      return {
        ...state,
        checkpoint: { committedSteps, path },
        wishedCheckpoint: wished !== null && committedSteps >= wished ? null : wished,
      };
    }
    case 'validated':
      return { ...state, validatedSteps: entry.committedSteps };
    case 'rolled-back': {
      const { committedSteps, collapses } = entry;
      return { ...state, rollBacks: [...state.rollBacks, { committedSteps, collapses }] };
    }
    case 'evaluated': {
      const { committedSteps, results } = entry;
      return { ...state, evaluated: { committedSteps, results } };
    }
    case 'stopping':
      return { ...state, stopping: true };
    case 'paused':
    case 'went-on':
    case 'asked-checkpoint':
    case 'draining':
    case 'refused-request':
      return foldRequest(state, entry);
    case 'finished':
      return { ...state, end: { kind: 'finished', result: entry.result } };
    case 'failed': {
      const { code, message } = entry;
      return { ...state, end: { kind: 'failed', code, message } };
    }
    case 'notice':
    case 'phases':
    case 'recovered':
      return state;
  }
}

function foldRequest(before: RunState, entry: OperatorEvent): RunState {
  const requests = [...before.requests, entry.id].slice(-requestsKept);
  const state = { ...before, requests };
  switch (entry.kind) {
    case 'paused':
      return { ...state, paused: { by: entry.by, standsAt: entry.standsAt } };
    case 'went-on':
      return { ...state, paused: null };
    case 'asked-checkpoint':
      return entry.path === null
        ? { ...state, wishedCheckpoint: Math.max(state.wishedCheckpoint ?? 0, entry.steps) }
        : state;
    case 'draining': {
      const { worker, incarnation } = entry;
      const others = state.draining.filter((one) => one.worker !== worker);
      const draining = [...others, { worker: workerId(worker), incarnation }].slice(-membersMax);
      return { ...state, draining };
    }
    case 'refused-request':
      return state;
  }
}

function foldGeneration(
  state: RunState,
  entry: Extract<Happening, { kind: 'generation' }>,
): RunState {
  const { generation, position } = entry;
  const members = entry.members.map(({ worker, lanes }) => ({ worker: workerId(worker), lanes }));
  const others = state.generations.filter((one) => one.generation !== generation);
  const logged: LoggedGeneration = { generation, members, started: position !== null };
  const generations = [...others, logged].slice(-generationsKept);
  if (position === null) return { ...state, generations };
  const steps = position.committedSteps;
  return {
    ...state,
    generations,
    hasTrained: true,
    waiting: null,
    // From an older checkpoint, steps are trained and recorded again.
    recordedSteps: steps,
    furthestSteps: Math.max(state.furthestSteps, steps),
    // One behind it could not be read: it is worth nothing to whoever wants to leave.
    checkpoint: (state.checkpoint?.committedSteps ?? 0) > steps ? null : state.checkpoint,
    validatedSteps: Math.min(state.validatedSteps, steps),
    rollBacks: state.rollBacks.filter(({ committedSteps }) => committedSteps <= steps),
  };
}

/** Who trained last according to the log; null where nobody did. */
export function lastTrained(state: RunState): LoggedGeneration | null {
  return state.generations.findLast(({ started }) => started) ?? null;
}

export const collapsesOf = ({ rollBacks }: RunState): number =>
  Math.max(0, ...rollBacks.map(({ collapses }) => collapses));

export function countLive(
  before: LiveNegatives | null,
  { measures }: ReportedStep,
): LiveNegatives | null {
  const { live_negatives: mean, least_live_negatives: least } = measures;
  if (mean === undefined || least === undefined) return null;
  return { mean, least, leastOfRun: Math.min(least, before?.leastOfRun ?? least) };
}
