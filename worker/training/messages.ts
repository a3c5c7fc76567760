/**
 * What a worker's main thread and its training thread say to each other. The main thread owns the
 * cluster (NATS, heartbeats, signals); the training thread owns the engine and blocks for whole
 * phases while native code computes, so nothing that must be punctual may run in it.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Generation, Rank, Step } from '../../shared/ids.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import type { LaneDigest, StateHash } from '../../shared/ledger/ledger-record.js';
import type { LanePlan } from '../../shared/plan/lane-plan.js';
import type { BestSoFar } from '../evaluation/best-so-far.js';
import type { PretrainedTowers } from '../model/pretrained/pretrained-towers.js';

/** Given to the training thread as `workerData`; `links` goes along in the transfer list. */
export interface TrainingStart {
  readonly job: TrainingJob;
  readonly rank: Rank;
  /** How many lanes each rank has. */
  readonly shares: readonly number[];
  readonly generation: Generation;
  /** Port of the connected links thread; null where this member is the only one. */
  readonly links: MessagePort | null;
  /** A dataset folder whose digest has been checked against the coordinator's. */
  readonly datasetDirectory: string;
  /** Where it keeps what can be computed again; null: nowhere. */
  readonly cacheDirectory: string | null;
  /** Where rank 0 writes checkpoints (`step-00000120/` folders): a folder, or `s3://bucket/prefix`. */
  readonly checkpointDirectory: string;
  /** Memory of the PublicationPermit that its checkpoints ask; undefined: nobody fences this process. */
  readonly publication?: SharedArrayBuffer | undefined;
  /** Checkpoint folder to start from, chosen by the coordinator; null starts from the seed. */
  readonly resumeFrom: string | null;
  /** Weights that the job begins with, where it begins from nothing else. */
  readonly pretrained: PretrainedTowers;
  /** Committed steps at which training ends; equal to the checkpoint's for evaluation only. */
  readonly totalSteps: number;
  /** Whether to evaluate after the last step. */
  readonly evaluate: boolean;
}

/** What the thread in fact gets: where the main thread cancels what it computes. */
export interface TrainingThreadStart extends TrainingStart {
  /** `shared` of a Cancellation. */
  readonly cancelled: SharedArrayBuffer;
}

export type ToTraining =
  /** One lane of one step; every owned lane of a step must arrive, in any order. */
  | { readonly kind: 'plan'; readonly plan: LanePlan }
  /**
   * Finish the step, write a checkpoint, end. The wish travels with the step's statistics, so all
   * members stop after the same step even where only one of them was asked.
   */
  | { readonly kind: 'stop' }
  /** Give up at once: a member, the coordinator or the bus is lost. */
  | { readonly kind: 'abort'; readonly reason: string };

export type FromTraining =
  /** The engine runs and the weights are loaded; plans are wanted from `step` on. */
  | { readonly kind: 'ready'; readonly step: Step }
  /** Something that the user should know and the run goes on without. */
  | { readonly kind: 'notice'; readonly text: string }
  | { readonly kind: 'committed'; readonly report: StepReport }
  | {
      readonly kind: 'checkpointed';
      readonly committedSteps: number;
      readonly path: string;
      readonly seconds: number;
    }
  | { readonly kind: 'evaluating'; readonly done: number; readonly total: number }
  /** Items that do not move any more get their embeddings, before the first step that needs them. */
  | { readonly kind: 'encoding'; readonly done: number; readonly total: number }
  /** The validation split was evaluated while training goes on. */
  | {
      readonly kind: 'validated';
      readonly committedSteps: number;
      readonly results: readonly SplitMetrics[];
      /** Null where the job keeps none. */
      readonly best: BestSoFar | null;
    }
  | { readonly kind: 'evaluated'; readonly results: readonly SplitMetrics[] }
  /** Training had collapsed, and goes on with other weights and settings from these committed steps on. */
  | {
      readonly kind: 'rolled-back';
      readonly committedSteps: number;
      /** Of the checkpoint; 0 for the first weights. */
      readonly rolledBackTo: number;
      readonly reason: string;
      readonly falseNegatives: 'text' | 'cosine' | 'none';
      /** The peak of the schedule. */
      readonly learningRate: number;
    }
  | {
      readonly kind: 'finished';
      readonly committedSteps: number;
      /** Loss of the last committed step; null where no step was trained. */
      readonly finalLoss: number | null;
      /** SHA-256 over all parameters in name order. */
      readonly weightsSha256: string;
      /** True where a stop request ended the run before `totalSteps`. */
      readonly stopped: boolean;
      /** True where the job's patience ended it. */
      readonly endedEarly: boolean;
      /** Of the last committed step; null where the job has no stages. */
      readonly stage: string | null;
      /** The checkpoint that was kept for its validation; null where the job keeps none. */
      readonly best: (BestSoFar & { readonly checkpoint: string }) | null;
      /** The newest checkpoint; null on members that do not write them. */
      readonly checkpoint: string | null;
    }
  /** `code` is that of the error class; the message names the step. */
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly stack: string;
      readonly committedSteps: number;
    };

export const phases = [
  'plan',
  'encode',
  'gather',
  'users',
  'scatter',
  'items',
  'reduce',
  'optimizer',
] as const;

/** A part of the life of a step; `plan` is the wait for the lanes' batches. */
export type Phase = (typeof phases)[number];

/** Identical on every member, except for the durations and the bytes. */
export interface StepReport {
  readonly step: Step;
  /** The name of the job's stage; null where it has none. */
  readonly stage: string | null;
  readonly loss: number;
  /** Of the whole step, over all lanes. */
  readonly sequences: number;
  readonly itemTokens: number;
  readonly distinctItems: number;
  /** What the objective reports, by the names that it has in the history (`live_negatives`, ...). */
  readonly measures: Readonly<Record<string, number>>;
  /** Mean cosine of two different items of the step, in [-1, 1]; 0 where there is one item. */
  readonly itemCosine: number;
  /** Global norm before clipping. */
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** Seconds of this member in each phase. */
  readonly phaseSeconds: Readonly<Record<Phase, number>>;
  /** Seconds of the step in which this member waited for peers. */
  readonly waitSeconds: number;
  /** Of whom each lane was trained on, as its owner had them, in lane order. */
  readonly lanes: readonly LaneDigest[];
  /** Of this member's state behind the step. */
  readonly stateHash: StateHash;
}

export interface TargetCounts {
  readonly total: number;
  readonly wanted: number;
  readonly users: number;
  /** Of them, those whose targets are all of one class: they are left out of `gauc`. */
  readonly oneClass: number;
}

/** Leave-last-two metrics over the full catalogue, history masked. The same on every member. */
export interface SplitMetrics {
  readonly split: 'validation' | 'test';
  /**
   * `best` is HLLM with the weights of the best checkpoint, `hllm` with the newest ones; `base-rate`
   * says of every target what share of training's was wanted.
   */
  readonly model: 'hllm' | 'best' | 'popularity' | 'base-rate';
  /** Whose rankings count. */
  readonly users: number;
  /** Users with too few items to be asked. */
  readonly tooShort: number;
  /** Users whose held-out item stands in their history; `evaluation.repeats` says what became of them. */
  readonly repeats: number;
  /** Users whose held-out item has its score in common with others. */
  readonly tied: number;
  /** Of the catalogue. */
  readonly items: number;
  /** What `auc`, `gauc` and `logloss` are of; left out by an objective that has no targets. */
  readonly targets?: TargetCounts | undefined;
  /** `recall@10`, `ndcg@10`, `mrr`, `auc`, ... */
  readonly values: Readonly<Record<string, number>>;
}
