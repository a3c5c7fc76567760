/**
 * Where a worker stands in its run: one union, with what it knows beside it. What it knows outlives
 * every generation; what a situation holds is over with it.
 */
import type { ExitCode } from '../../../shared/exit-codes.js';
import type { WorkerId } from '../../../shared/ids.js';
import type { GenerationRecord } from '../../../shared/membership/generation-record.js';
import type { Position } from '../../../shared/membership/position.js';
import type { Lead } from '../../../shared/messages/cluster/from-leader.js';
import type { Trouble } from '../../../shared/messages/cluster/from-worker.js';
import type { Millis } from '../../../shared/units.js';

export type Situation =
  /** Nobody leads a run of the job yet. */
  | { readonly kind: 'idle' }
  /** Opens dataset and engine. */
  | { readonly kind: 'joining'; readonly until: Millis }
  /** Others train: its engine goes through a step alone first, so that they do not wait for its first one. */
  | { readonly kind: 'warming-up'; readonly until: Millis }
  /** Could be made a member. */
  | { readonly kind: 'standing-by' }
  /** Becomes a member and holds no state: looks which checkpoint it can read. */
  | { readonly kind: 'looking'; readonly generation: number; readonly until: Millis }
  /** A member of a generation that it has not entered, or has left: waits for its start or its end. */
  | {
      readonly kind: 'paused';
      readonly generation: number;
      /** Before then it tries nothing; null: at once. */
      readonly retryAt: Millis | null;
      /** Holders from whom a copy has failed. */
      readonly tried: readonly string[];
    }
  /** The thread reads a checkpoint, or makes the weights that the job begins with. */
  | { readonly kind: 'loading'; readonly generation: number; readonly until: Millis }
  | {
      readonly kind: 'copying';
      readonly generation: number;
      readonly copy: number;
      readonly holder: string;
      readonly tried: readonly string[];
      /** When the last bytes came. */
      readonly movedAt: Millis;
    }
  | { readonly kind: 'linking'; readonly record: GenerationRecord; readonly until: Millis }
  | {
      readonly kind: 'training';
      readonly record: GenerationRecord;
      /** The newest planned generation that the thread was told of. */
      readonly change: number | null;
      readonly stopTold: boolean;
      /** The thread knows of this wish for a checkpoint since then. */
      readonly wishTold: { readonly steps: number; readonly at: Millis } | null;
      /** The thread waits for a plan that does not come yet. */
      readonly stands: boolean;
    }
  /** Its thread gives up the generation. */
  | Withdrawal<'withdrawing'>
  /** The same, and the newest generation goes on without it. */
  | Withdrawal<'fenced'>
  /** Leaves as the last one who holds the state: writes it down first. */
  | { readonly kind: 'draining' }
  /** Trained and evaluated; keeps its state until the run is over. */
  | {
      readonly kind: 'finished';
      readonly generation: number;
      readonly stopped: boolean;
      /** Its thread is out of the generation: it can enter another. */
      readonly hasLeft: boolean;
    }
  /** Waits until its failure is recorded. */
  | { readonly kind: 'failed'; readonly end: WorkerEnd; readonly until: Millis }
  | { readonly kind: 'over'; readonly end: WorkerEnd };

export interface Withdrawal<Kind extends string> {
  readonly kind: Kind;
  readonly generation: number;
  readonly since: Millis;
  /** Its slowness has been told. */
  readonly noticed: boolean;
}

export interface WorkerEnd {
  readonly code: ExitCode;
  readonly reason: string;
}

export interface Known {
  /** Of the newest leader that it has heard; what has a smaller one is not heard. */
  readonly fence: number;
  readonly newest: GenerationRecord | null;
  /** The greatest generation that its thread was sent into: none is entered twice, and no older one. */
  readonly entered: number | null;
  /** Of the state that its thread holds. */
  readonly position: Position | null;
  /** Committed steps of the newest checkpoint that is recorded. */
  readonly checkpointSteps: number | null;
  /** When it last heard a leader, or began to wait for one. */
  readonly heardAt: Millis;
  readonly over: Lead['over'];
  /** The newest generation that the run's log named when it was asked, while nobody led. */
  readonly logRead: { readonly askedAt: Millis; readonly generation: number | null } | null;
  readonly stopping: boolean;
  /** No further plan is published for now. */
  readonly paused: boolean;
  /** Whoever writes checkpoints writes one of so many steps at least; null where nobody asks for it. */
  readonly checkpointWish: number | null;
  /** Since when it is asked to leave; null while it is not. */
  readonly leavingSince: Millis | null;
  /** When the process last noticed that it had stood still. */
  readonly wokeAt: Millis | null;
  /** With peers of `troubled`. */
  readonly trouble: readonly Trouble[];
  readonly troubled: number | null;
  /**
   * A generation that it has left at a planned border, and whose links are still open: what it has sent
   * of the last step may be on its way to members that need it to get there. Null where there is none.
   */
  readonly lingering: number | null;
  /** A generation whose links and plans are being made ready before it is entered; null where none is. */
  readonly prepared: number | null;
  /** The generation for which it has looked for checkpoints. */
  readonly looked: number | null;
  /** Its engine has been warmed up, or was told to: it happens once. */
  readonly warmed: boolean;
  /** Copies so far: each has a number, so that the end of an old one is not taken for a new one's. */
  readonly copies: number;
}

/** What never changes while the process lives. */
export interface Self {
  readonly worker: WorkerId;
  readonly incarnation: string;
  readonly grace: Millis;
}

export interface Worker {
  readonly self: Self;
  readonly known: Known;
  readonly situation: Situation;
}

export const firstWorker = (self: Self, now: Millis): Worker => ({
  self,
  situation: { kind: 'idle' },
  known: {
    fence: 0,
    newest: null,
    entered: null,
    position: null,
    checkpointSteps: null,
    heardAt: now,
    over: null,
    logRead: null,
    stopping: false,
    paused: false,
    checkpointWish: null,
    leavingSince: null,
    wokeAt: null,
    trouble: [],
    troubled: null,
    lingering: null,
    prepared: null,
    looked: null,
    warmed: false,
    copies: 0,
  },
});
