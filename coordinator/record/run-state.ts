/**
 * What a run's log comes to: all that a leader must know that nobody else can tell it. A leader that
 * begins folds the whole log; so does whoever stands by, while it is written.
 */
import type { WorkerId } from '../../shared/ids.js';
import { workerId } from '../../shared/ids.js';
import type { Happening, LogEntry } from '../../shared/messages/cluster/log-entry.js';
import type { ReportedMetrics, ReportedStep } from '../../shared/messages/report-fields.js';
import type { LiveNegatives, RunResult } from '../../shared/messages/run-events.js';

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
  readonly end: RunEnd | null;
}

export const emptyRun: RunState = {
  fence: 0,
  recordedSteps: 0,
  generations: [],
  hasTrained: false,
  checkpoint: null,
  validatedSteps: 0,
  rollBacks: [],
  evaluated: null,
  liveNegatives: null,
  waiting: null,
  stopping: false,
  end: null,
};

/** Steps are recorded long before so many generations have passed. */
const generationsKept = 16;

export function foldEntry(state: RunState, { fence, entry }: LogEntry): RunState {
  return { ...foldHappening(state, entry), fence: Math.max(state.fence, fence) };
}

export function foldHappening(state: RunState, entry: Happening): RunState {
  switch (entry.kind) {
    case 'led':
      // A run that had ended is gone on with.
      return state.end === null
        ? state
        : { ...state, end: null, stopping: false, evaluated: null, waiting: null };
    case 'generation':
      return foldGeneration(state, entry);
    case 'waiting':
      return { ...state, waiting: entry.reason };
    case 'committed':
      return {
        ...state,
        recordedSteps: entry.report.step + 1,
        waiting: null,
        liveNegatives: countLive(state.liveNegatives, entry.report),
      };
    case 'checkpointed': {
      const { committedSteps, path } = entry;
      return { ...state, checkpoint: { committedSteps, path } };
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
