/**
 * What a worker's main thread and its training thread say to each other. The main thread owns the
 * cluster (NATS, heartbeats, signals); the training thread owns the engine and blocks for whole
 * phases while native code computes, so nothing that must be punctual may run in it.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Generation, Rank, Step } from '../../shared/ids.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import type { LaneDigest, StateHash } from '../../shared/ledger/ledger-record.js';
import type { Position } from '../../shared/membership/position.js';
import type { OwnWork } from '../../shared/messages/work-fields.js';
import type { LanePlan } from '../../shared/plan/lane-plan.js';
import type { BestSoFar } from '../evaluation/best-so-far.js';
import type { PretrainedTowers } from '../model/pretrained/pretrained-towers.js';
import type { StateVectors } from '../state/host-state.js';

/** Given to the training thread as `workerData`: what holds for the run, whoever its members are. */
export interface TrainingStart {
  readonly job: TrainingJob;
  /** A dataset folder whose digest has been checked against the coordinator's. */
  readonly datasetDirectory: string;
  /** Where it keeps what can be computed again; null: nowhere. */
  readonly cacheDirectory: string | null;
  /**
   * Where the member that writes checkpoints writes them (`step-00000120/` folders): a folder, or
   * `s3://bucket/prefix`.
   */
  readonly checkpointDirectory: string;
  /** Memory of the PublicationPermit that its checkpoints ask; undefined: nobody fences this process. */
  readonly publication?: SharedArrayBuffer | undefined;
  /** Weights that the job begins with, where it begins from nothing else. */
  readonly pretrained: PretrainedTowers;
  /** Committed steps at which training ends; equal to the checkpoint's for evaluation only. */
  readonly totalSteps: number;
  /** Whether to evaluate after the last step. */
  readonly evaluate: boolean;
}

/** Memory that the main thread shares with it, from its beginning; its start is its first message. */
export interface TrainingThreadData {
  /** `shared` of a Cancellation. */
  readonly cancelled: SharedArrayBuffer;
  /** `shared` of an Activity. */
  readonly activity: SharedArrayBuffer;
}

/** Where a state comes from that is not copied from a member. */
export type StateSource =
  | { readonly kind: 'seed' }
  /** A checkpoint's folder. */
  | { readonly kind: 'checkpoint'; readonly path: string };

/** What a member becomes part of. */
export interface Entry {
  readonly generation: Generation;
  readonly rank: Rank;
  /** Lanes of each rank: `counts` of LaneShares. */
  readonly shares: readonly number[];
  /** Port of the connected links thread, transferred; null where this member is the only one. */
  readonly links: MessagePort | null;
  /** This member writes the checkpoints. */
  readonly writes: boolean;
}

export type ToTraining =
  /** One lane of one step; every owned lane of a step must arrive, in any order and at any time. */
  | { readonly kind: 'plan'; readonly plan: LanePlan }
  /**
   * Go through one step alone, on weights that nobody needs, as the members of these committed steps
   * would: answered by `warmed`. An abort of generation 0 ends it before the next kernel. Where nothing
   * is held.
   */
  | { readonly kind: 'warm-up'; readonly committedSteps: number }
  /** Answered by `holds`. Not inside a generation. */
  | { readonly kind: 'load'; readonly from: StateSource }
  /** Make room for the state of a position: answered by `copying`. Not inside a generation. */
  | { readonly kind: 'copy-begin'; readonly position: Position; readonly header: string }
  /** The room has been filled: answered by `holds`. */
  | { readonly kind: 'copy-end'; readonly position: Position; readonly header: string }
  /** Go on from the state that is held, among these members: answered by `entered`, later by `left`. */
  | ({ readonly kind: 'enter' } & Entry)
  /**
   * A newer generation is planned: leave at the next step's end, together with all members. What was
   * heard travels with the step's statistics, like a stop.
   */
  | { readonly kind: 'change'; readonly generation: Generation }
  /** Leave this generation, and do not enter an older one, at once. */
  | { readonly kind: 'abort'; readonly generation: Generation; readonly reason: string }
  /**
   * Finish the step, write a checkpoint, end. The wish travels with the step's statistics, so all
   * members stop after the same step even where only one of them was asked.
   */
  | { readonly kind: 'stop' }
  /** Whether no plan is published for a while: the wait for the next one is no part of a step. */
  | { readonly kind: 'pause'; readonly paused: boolean }
  /**
   * Somebody wants a checkpoint of at least so many committed steps: written at the next step's end, or
   * at once where no batch has come. To the member that writes them, inside the generation entered last.
   */
  | { readonly kind: 'checkpoint'; readonly steps: number }
  /**
   * Write a checkpoint of the state that is held, if what follows its last commit is done: answered by
   * `saved` when it is on disk. Not inside a generation.
   */
  | { readonly kind: 'save' }
  /** Copy the state that is held, for a member that joins, and go on: answered by `snapshot`. */
  | { readonly kind: 'snapshot'; readonly id: number }
  /** Nobody reads the snapshot any more. */
  | { readonly kind: 'release'; readonly id: number }
  /** Leave whatever there is and end the thread. */
  | { readonly kind: 'end' };

/** A state in shared memory, as whoever copies it needs it. */
export interface SharedState {
  readonly position: Position;
  /** All that makes the position besides the sections: see held/state-header.ts. */
  readonly header: string;
  readonly sections: StateVectors;
}

/** Why a member has left a generation. */
export interface Leaving {
  /**
   * `trouble`: an exchange failed, and nobody has said why. `lost`: a checkpoint that training must go
   * back to is lost; the state is given up, and an older checkpoint's training writes it again.
   */
  readonly how: 'change' | 'abort' | 'trouble' | 'lost';
  /** Of `trouble` and `lost`. */
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** What happens in a generation. */
export type Fact =
  /** Something that the user should know and the run goes on without. */
  | { readonly kind: 'notice'; readonly text: string }
  | {
      readonly kind: 'committed';
      readonly report: StepReport;
      /** Left out by who does not count it. */
      readonly work?: OwnWork;
    }
  /** May come after the generation was left. */
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
  | {
      readonly kind: 'evaluated';
      readonly committedSteps: number;
      readonly results: readonly SplitMetrics[];
    }
  /** Training had collapsed, and goes on with other weights and settings from these committed steps on. */
  | {
      readonly kind: 'rolled-back';
      readonly committedSteps: number;
      /** Roll-backs of the run, this one included. */
      readonly collapses: number;
      /** Of the checkpoint; 0 for the first weights. */
      readonly rolledBackTo: number;
      readonly reason: string;
      readonly falseNegatives: 'text' | 'cosine' | 'none';
      /** The peak of the schedule. */
      readonly learningRate: number;
    }
  /** Told again by the members of a later generation that goes on from the end. */
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
      /** The newest checkpoint that this member knows of; null without one. */
      readonly checkpoint: string | null;
    };

export type FromTraining =
  /** Dataset and engine are open: a state can be loaded or copied. */
  | { readonly kind: 'opened' }
  /** `problem`: why it came to no end; null where it did. Nothing is lost with it but time. */
  | { readonly kind: 'warmed'; readonly seconds: number; readonly problem: string | null }
  /** Outside of a generation: until the next message that changes it, the sections may be read. */
  | ({ readonly kind: 'holds' } & SharedState)
  /** Nothing is held any more; the sections are to be filled. */
  | {
      readonly kind: 'copying';
      readonly position: Position;
      readonly sections: StateVectors;
    }
  /** False where there is nothing that a checkpoint could hold: see `settled` of a position. */
  | { readonly kind: 'saved'; readonly isWritten: boolean }
  /** Stays readable until it is released, or another is asked for. */
  | ({ readonly kind: 'snapshot'; readonly id: number } & SharedState)
  | { readonly kind: 'entered'; readonly generation: Generation; readonly position: Position }
  /** `holds` follows, where it is not `lost`. */
  | ({
      readonly kind: 'left';
      readonly generation: Generation;
      readonly position: Position;
    } & Leaving)
  | (Fact & { readonly generation: Generation })
  /** The thread ends. `code` is that of the error class; the message names the step. */
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
