/**
 * What the dashboard's server answers and its pages draw. The lines are those of the history: a run is
 * shown by the same account wherever it is read from.
 */
import type { HistoryLine, HistoryLineOf } from '../../../shared/history/history-line.js';

/** As far as the history tells: who was killed cannot say so, and seems to train. */
export type RunPhase =
  | 'waiting'
  | 'training'
  /** Stands after a step, as an operator has asked. */
  | 'paused'
  | 'evaluating'
  | 'finished'
  | 'stopped'
  | 'failed';

export interface RunSummary {
  /** In addresses of this server. */
  readonly id: string;
  readonly job: string;
  readonly run: string;
  readonly phase: RunPhase;
  /** What it waits for, or why it has failed; null where there is nothing to say. */
  readonly reason: string | null;
  readonly committedSteps: number;
  readonly totalSteps: number;
  readonly loss: number | null;
  /** Of the newest evaluation of the model: `validation recall@10` and so on. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Wall clock, ISO 8601; null before the first line. */
  readonly begunAt: string | null;
  readonly changedAt: string | null;
}

/** Of a member as the newest generation has it. */
export interface ShownMember {
  readonly worker: string;
  /** Null where no line has told it yet. */
  readonly lanes: number | null;
}

export interface RunState extends RunSummary {
  readonly jobSha256: string;
  readonly generation: number | null;
  readonly members: readonly ShownMember[];
  /** Mean of the last steps; null before the first. */
  readonly stepSeconds: number | null;
  readonly sequencesPerSecond: number | null;
  readonly itemTokensPerSecond: number | null;
  readonly etaSeconds: number | null;
  readonly versions: { readonly lockstep: string; readonly node: string } | null;
  /** Done and total of what is no step: users of an evaluation, items that are encoded. */
  readonly doing: {
    readonly what: 'evaluating' | 'encoding';
    readonly done: number;
    readonly total: number;
  } | null;
  /** Who paused it, and the committed steps at which it stands, or will; null where it trains on. */
  readonly paused: { readonly by: string; readonly standsAt: number } | null;
  /** Members that an operator has told to hand over and end, until they have. */
  readonly draining: readonly string[];
  readonly end: HistoryLineOf<'finished' | 'failed'> | null;
}

/** Everything but steps and phases, which are drawn as curves. */
export type TimelineLine = Exclude<HistoryLine, HistoryLineOf<'committed' | 'phases' | 'history'>>;
export type PhasesLine = HistoryLineOf<'phases'>;
/** The newest of them, for who waits for whom: some minutes. */
export const phasesKept = 32;

/** Numbers of a step that are drawn, by their names in the history. */
export const stepNumbers = [
  'loss',
  'gradient_norm',
  'learning_rate',
  'logit_scale',
  'top1',
  'live_negatives',
  'least_live_negatives',
  'classification_loss',
  'generative_loss',
  'item_cosine',
  'step_seconds',
  'wait_seconds',
  'sequences',
  'item_tokens',
] as const;

export type StepNumber = (typeof stepNumbers)[number];

/** A window of the steps, as many points as were asked for at most. */
export interface SeriesAnswer {
  /** Committed steps of each point: of its last step. */
  readonly steps: readonly number[];
  /** Milliseconds since 1970 of each point. */
  readonly times: readonly number[];
  /** Means over the steps of a point; null where none has the number. Only numbers that any step has. */
  readonly means: Partial<Record<StepNumber, readonly (number | null)[]>>;
  readonly lossMin: readonly number[];
  readonly lossMax: readonly number[];
  /** Steps in a point. */
  readonly stride: number;
}

/** Of whom the next items are asked: one of the dataset's users, or whoever has this history. */
export type Question = { readonly user: string } | { readonly history: string };

export interface Recommendations {
  /** Items of the history that the model has read. */
  readonly historyItems: number;
  readonly items: readonly {
    readonly rank: number;
    readonly item: string;
    readonly title: string | null;
    readonly score: number;
  }[];
  /** What scores are. */
  readonly rankedBy: 'cosine' | 'probability';
  readonly checkpoint: string;
}

/** What an operator may ask of a run. */
export type Action =
  | { readonly kind: 'pause' | 'go-on' | 'checkpoint' | 'stop' }
  | { readonly kind: 'drain'; readonly worker: string };

/** Whether a run can be asked for anything: never, not as it was started, or by who signs in. */
export type Acting = 'never' | 'not-set-up' | 'by-operators';

/** What the server says of whoever asks. */
export interface OperatorAnswer {
  /** As it was typed at sign-in; null: not signed in. */
  readonly name: string | null;
}

/** To a sign-in: what the cookie does not hold. */
export interface SignInAnswer {
  readonly name: string;
  /** To be sent with every request of an operator. */
  readonly proof: string;
}

/** What was done, in a sentence. */
export interface ActionAnswer {
  readonly said: string;
}
/** What a ledger comes to, as far as it was read. */
export interface LedgerState {
  /** Recorded, each counted once. */
  readonly steps: number;
  readonly sequences: number;
  /** Times that training went back to an older state. */
  readonly resumed: number;
  /** Records of steps that were trained again. */
  readonly trainedAgain: number;
  readonly wholeEpochs: number;
  /** The newest ones, the oldest first; null where the job has stages, whose epochs only an audit tells apart. */
  readonly epochs: readonly LedgerEpoch[] | null;
  /** The first findings. */
  readonly problems: readonly string[];
  readonly problemsCount: number;
  /** There is more, which comes when it is asked for again. */
  readonly isBehind: boolean;
}

export interface LedgerEpoch {
  readonly epoch: number;
  readonly firstStep: number;
  readonly steps: number;
  readonly sequences: number;
  /** Of the whole epoch before; null where there was none. */
  readonly expected: number | null;
  /** `partial`: a step of it is not recorded, or it began before what was read. */
  readonly state: 'open' | 'whole' | 'partial';
}

/** The last audit that was made here. */
export type AuditState =
  | { readonly kind: 'none' }
  | { readonly kind: 'runs'; readonly since: string }
  | {
      readonly kind: 'done';
      readonly time: string;
      readonly isPassed: boolean;
      readonly facts: readonly (readonly [name: string, value: string])[];
      /** The first ones. */
      readonly differences: readonly string[];
      readonly differencesCount: number;
    }
  | { readonly kind: 'failed'; readonly time: string; readonly message: string };

export interface RunAnswer {
  readonly state: RunState;
  readonly timeline: readonly TimelineLine[];
  /** Lines of the timeline that are older than those, and were dropped. */
  readonly dropped: number;
  readonly phases: readonly PhasesLine[];
  /** The job as it was resolved; null where it is not known. */
  readonly job: unknown;
  /** Where its folder is; null where it has none here. */
  readonly folder: string | null;
  /** Whether its model can be asked here. */
  readonly canRecommend: boolean;
  readonly acting: Acting;
  /** Whether it can be audited here. */
  readonly canAudit: boolean;
  /** Of the stream of changes: what comes behind this answer is asked for by it. */
  readonly version: string;
}

/** One message of the stream of a run: what has changed since the one before. */
export interface RunChange {
  readonly state: RunState;
  /** New steps, by the names of `stepNumbers`, with `committed_steps` and milliseconds since 1970. */
  readonly steps: readonly (Partial<Record<StepNumber, number>> & {
    readonly committed_steps: number;
    readonly time: number;
  })[];
  readonly timeline: readonly TimelineLine[];
  readonly phases: readonly PhasesLine[];
  /** Training went back to this step: points behind it are gone. Null where it did not. */
  readonly rewoundTo: number | null;
}
