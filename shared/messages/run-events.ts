/**
 * What the processes of a run tell the program that started them (`lockstep train`), over Node's
 * IPC channel. Parent and child come from the same installation, so nothing is validated here.
 */

import type { ExitCode } from '../exit-codes.js';
import type { LedgerRecord } from '../ledger/ledger-record.js';
import type { Happening } from './cluster/log-entry.js';
import type { ReportedBest, ReportedMetrics, ReportedStep } from './report-fields.js';

/** Negatives that were held against the model: where they go, a falling loss means nothing. */
export interface LiveNegatives {
  /** Of a prediction of the last step, on average. */
  readonly mean: number;
  /** Of the prediction of the last step that has fewest. */
  readonly least: number;
  /** The same over all steps of the run. */
  readonly leastOfRun: number;
}

export interface RunResult {
  readonly committedSteps: number;
  readonly finalLoss: number | null;
  /** Null where no step was trained, or the objective has none. */
  readonly liveNegatives: LiveNegatives | null;
  readonly weightsSha256: string;
  readonly stopped: boolean;
  /** The job's patience with its validation ended it. */
  readonly endedEarly: boolean;
  /** That the run ended in; null where the job has none. */
  readonly stage: string | null;
  /** The checkpoint that was kept for its validation; null where the job keeps none. */
  readonly best: (ReportedBest & { readonly checkpoint: string }) | null;
  readonly checkpoint: string | null;
  readonly metrics: readonly ReportedMetrics[];
}

/** What a change of the members, of the leader or of the bus has cost: see the log's entry. */
export type Recovered = Extract<Happening, { kind: 'recovered' }>;

/** Where the members' time went in the last steps. */
export type PhasesTold = Extract<Happening, { kind: 'phases' }>;

/** Training had collapsed, and goes on with other weights and settings. */
export type RolledBack = Omit<Extract<Happening, { kind: 'rolled-back' }>, 'collapses'>;

/** What became of an operator's request: see the log's entries. */
export type OperatorEvent = Extract<
  Happening,
  { kind: 'paused' | 'went-on' | 'asked-checkpoint' | 'draining' | 'refused-request' }
>;

export type RunEvent =
  /** What it serves over HTTP; a process without a dashboard says nothing of one. */
  | {
      readonly kind: 'listening';
      readonly metricsPort: number;
      readonly dashboardPort?: number | null;
    }
  | { readonly kind: 'waiting'; readonly reason: string }
  /** Something that the user should know and the run goes on without. */
  | { readonly kind: 'notice'; readonly text: string }
  | {
      readonly kind: 'started';
      readonly members: readonly string[];
      readonly firstStep: number;
      readonly totalSteps: number;
      readonly resumedFrom: string | null;
    }
  /** The members that train have changed, and go on where they were. */
  | {
      readonly kind: 'generation';
      readonly generation: number;
      readonly members: readonly string[];
      readonly committedSteps: number;
      readonly planned: boolean;
      readonly reason: string;
    }
  | Recovered
  /** Another coordinator leads from here on. */
  | { readonly kind: 'led'; readonly coordinator: string }
  | {
      readonly kind: 'committed';
      readonly report: ReportedStep;
      /** Since the step before was committed, or since the members were ready. */
      readonly seconds: number;
      /** What the step was trained on. */
      readonly ledger: LedgerRecord;
    }
  | {
      readonly kind: 'checkpointed';
      readonly committedSteps: number;
      readonly path: string;
      readonly seconds: number;
    }
  | {
      readonly kind: 'validated';
      readonly committedSteps: number;
      readonly results: readonly ReportedMetrics[];
      readonly best: ReportedBest | null;
    }
  | RolledBack
  | PhasesTold
  | OperatorEvent
  | { readonly kind: 'evaluating'; readonly done: number; readonly total: number }
  /** Frozen items that have their embeddings, out of all. */
  | { readonly kind: 'encoding'; readonly done: number; readonly total: number }
  | {
      readonly kind: 'evaluated';
      readonly committedSteps: number;
      readonly results: readonly ReportedMetrics[];
    }
  | { readonly kind: 'finished'; readonly result: RunResult }
  /** A worker works for this run from here on, and so does whoever is started in its place. */
  | { readonly kind: 'joined'; readonly run: string }
  /**
   * The process has said all that it has to say. It ends with this code; where native code holds it
   * up, it kills itself, which then says nothing about the cause.
   */
  | { readonly kind: 'leaving'; readonly code: ExitCode; readonly reason: string }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      /** Whose failure it is, where it is known. */
      readonly worker: string | null;
      readonly committedSteps: number;
    };

export type RunCommand =
  /** To a coordinator: finish the step, write a checkpoint, end the run. To a worker: hand over, end. */
  | { readonly kind: 'stop' }
  /** To a coordinator: end, and let the run go on under another one. */
  | { readonly kind: 'leave' }
  /** End now. */
  | { readonly kind: 'abort'; readonly reason: string };
