/**
 * How far a job is, as the entries of its log tell it: the part of a report that outlives a leader. A
 * pure fold, like the history; whoever begins to lead has the same as its predecessor.
 */
import type { Happening, LogEntry } from '../../shared/messages/cluster/log-entry.js';
import {
  type JobReport,
  type ReportedRecovery,
  reportedMetricsMax,
  reportedRecoveriesMax,
  reportedTextLength,
  reportedWorkersMax,
} from '../../shared/messages/job-report.js';
import type { ReportedMetrics, ReportedStep } from '../../shared/messages/report-fields.js';

export type JobProgress = Pick<
  JobReport,
  | 'committedSteps'
  | 'totalSteps'
  | 'loss'
  | 'members'
  | 'generation'
  | 'checkpoint'
  | 'recoveries'
  | 'restarts'
  | 'weightsSha256'
> & {
  readonly hasTrained: boolean;
  /** Why nobody trains, or how the newest generation came about. */
  readonly reason: string;
  readonly end: { readonly code: string | null; readonly reason: string } | null;
  readonly stepMetrics: Readonly<Record<string, number>>;
  readonly evaluations: Readonly<Record<string, number>>;
  /** Of the last steps, oldest first. */
  readonly stepSeconds: readonly number[];
};

export const noProgress: JobProgress = {
  committedSteps: 0,
  totalSteps: 0,
  loss: null,
  members: [],
  generation: 0,
  checkpoint: null,
  recoveries: [],
  restarts: 0,
  weightsSha256: null,
  hasTrained: false,
  reason: '',
  end: null,
  stepMetrics: {},
  evaluations: {},
  stepSeconds: [],
};

/** So many that one long step does not decide how long the rest takes. */
const stepsKept = 32;

export function foldProgress(before: JobProgress, { entry, time }: LogEntry): JobProgress {
  switch (entry.kind) {
    case 'led':
      return {
        ...before,
        totalSteps: entry.totalSteps,
        // A run that had ended is gone on with: those who trained it have left.
        ...(before.end !== null && { end: null, weightsSha256: null, members: [], reason: '' }),
      };
    case 'generation':
      return foldGeneration(before, entry);
    case 'waiting':
      return { ...before, members: [], reason: short(entry.reason) };
    case 'committed': {
      const { report, seconds } = entry;
      return {
        ...before,
        committedSteps: report.step + 1,
        loss: report.loss,
        stepMetrics: stepMetrics(report, seconds),
        stepSeconds: [...before.stepSeconds, seconds].slice(-stepsKept),
      };
    }
    case 'checkpointed':
      return { ...before, checkpoint: { step: entry.committedSteps, time } };
    case 'validated':
    case 'evaluated':
      return { ...before, evaluations: evaluations(entry.results) };
    case 'recovered':
      return foldRecovery(before, entry, time);
    case 'finished': {
      const { committedSteps, stopped, weightsSha256 } = entry.result;
      const end = { code: null, reason: stopped ? 'stopped on request' : '' };
      return { ...before, committedSteps, end, weightsSha256 };
    }
    case 'failed':
      return { ...before, end: { code: entry.code, reason: short(entry.message) } };
    case 'phases':
    case 'rolled-back':
    case 'stopping':
    case 'notice':
    case 'paused':
    case 'went-on':
    case 'asked-checkpoint':
    case 'draining':
    case 'refused-request':
      return before;
  }
}

type Of<Kind extends Happening['kind']> = Extract<Happening, { kind: Kind }>;

/** While it forms, nothing changes: the members before are on their way into it. */
function foldGeneration(
  before: JobProgress,
  { generation, members, position, reason }: Of<'generation'>,
): JobProgress {
  if (position === null) return before;
  return {
    ...before,
    generation,
    hasTrained: true,
    reason: short(reason),
    members: members.map(({ worker }) => worker),
    committedSteps: position.committedSteps,
  };
}

function foldRecovery(before: JobProgress, entry: Of<'recovered'>, time: string): JobProgress {
  const { cause, detectSeconds, recomputedSteps, reformSeconds, resumeSeconds, workers } = entry;
  const recovery: ReportedRecovery = {
    ...{
      time,
      cause,
      workers: workers.slice(0, reportedWorkersMax),
      detectSeconds,
      reformSeconds,
      resumeSeconds,
    },
    stepsLost: recomputedSteps,
  };
  return {
    ...before,
    recoveries: [...before.recoveries, recovery].slice(-reportedRecoveriesMax),
    restarts: before.restarts + (cause === 'lost' ? workers.length : 0),
  };
}

/** By their names in the history. */
function stepMetrics(report: ReportedStep, seconds: number): Record<string, number> {
  return {
    step_seconds: seconds,
    gradient_norm: report.gradientNorm,
    learning_rate: report.learningRate,
    sequences: report.sequences,
    item_tokens: report.itemTokens,
    item_cosine: report.itemCosine,
    ...report.measures,
  };
}

/** `test.recall@10` of the model itself, `test.popularity.recall@10` of what it is compared with. */
function evaluations(results: readonly ReportedMetrics[]): Record<string, number> {
  const own = results.filter(({ model }) => model === 'hllm');
  const others = results.filter(({ model }) => model !== 'hllm');
  return Object.fromEntries(
    [...own, ...others].flatMap(({ model, split, values }) =>
      Object.entries(values).map(([name, value]) => [
        model === 'hllm' ? `${split}.${name}` : `${split}.${model}.${name}`,
        value,
      ]),
    ),
  );
}

/** The model's own come first, so that what finds no room is what it is compared with. */
export const metricsOf = ({ evaluations, stepMetrics }: JobProgress): Record<string, number> =>
  Object.fromEntries(
    Object.entries({ ...stepMetrics, ...evaluations }).slice(0, reportedMetricsMax),
  );

const short = (text: string): string => text.slice(0, reportedTextLength);
