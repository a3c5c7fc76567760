/** What a worker's main thread is made of. Each is narrow, so that a simulator can put its own in. */
import type { MessagePort } from 'node:worker_threads';
import type { Bus } from '../../../shared/bus.js';
import type { Clock } from '../../../shared/clock.js';
import type { Generation, JobId, Rank, RunId, WorkerId } from '../../../shared/ids.js';
import type { TrainingJob } from '../../../shared/job-spec/job-spec.js';
import type { Log } from '../../../shared/log.js';
import type { Position } from '../../../shared/membership/position.js';
import type { PublishedFile } from '../../../shared/messages/published-file.js';
import type { FoundCheckpoint } from '../../../shared/messages/report-fields.js';
import type { RunDescription } from '../../../shared/run/run-description.js';
import type { RunAddress } from '../../../shared/run/run-id.js';
import type { Millis } from '../../../shared/units.js';
import type { WorkerMetrics } from '../../metrics.js';
import type { StateVectors } from '../../state/host-state.js';
import type {
  FromTraining,
  SharedState,
  ToTraining,
  TrainingStart,
} from '../../training/messages.js';
import type { WantedState } from '../situation/worker-event.js';
import type { PermitLease } from './permit-lease.js';

/** See worker/collective. */
export interface WorkerLinks {
  /** `host:port` at which peers reach this worker. */
  readonly address: string;
  /** Begins to link a generation that is planned: `connect` finds its links there. */
  prepare(request: {
    readonly generation: Generation;
    readonly rank: Rank;
    readonly addresses: readonly string[];
    readonly deadline: Millis;
  }): void;
  /** @throws where a peer cannot be linked to in time, which `onTrouble` also tells, or it is dropped. */
  connect(request: {
    readonly generation: Generation;
    readonly rank: Rank;
    readonly addresses: readonly string[];
    readonly deadline: Millis;
    readonly connectDeadline: Millis;
  }): Promise<MessagePort>;
  /** What each link of a generation has carried since it was made; none where it is not open. */
  traffic(generation: Generation): Promise<readonly LinkTraffic[]>;
  /** Ends every wait of a generation at once. */
  drop(generation: Generation, reason: string): void;
  onTrouble(
    listener: (trouble: {
      readonly generation: Generation;
      readonly peer: Rank;
      readonly how: 'closed' | 'silent' | 'unreachable';
      readonly detail: string;
    }) => void,
  ): void;
  /** What peers that ask for a state get; null: nothing now. */
  serve(state: SharedState | null): void;
  /**
   * Copies the state that the peer at this address holds, verified.
   *
   * @throws an error of code `STATE_ABSENT` where the peer has none now, or another one.
   */
  copy(request: CopyRequest): Promise<StateOffer>;
}

/** See worker/collective/link-meter.ts. */
export interface LinkTraffic {
  readonly peer: Rank;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly receiveSeconds: number;
  readonly waitSeconds: number;
}

export interface CopyRequest {
  readonly address: string;
  /** `next`: what the holder offers now, or offers next, however long that takes. */
  readonly wanted: WantedState | { readonly kind: 'next' };
  /** Makes room for what the holder offers, once. */
  readonly room: (offer: StateOffer) => Promise<StateVectors>;
  /** Bytes have come. */
  readonly onBytes: () => void;
  readonly signal: AbortSignal;
}

/** What a state is, before its first byte. */
export interface StateOffer {
  readonly position: Position;
  readonly header: string;
}

/** See worker/training. */
export interface TrainingHost {
  post(message: ToTraining): void;
  /** Has it leave a generation, and older ones, at once: before its next kernel where it computes. */
  abort(generation: Generation, reason: string): void;
  /** What it computes, and for how long; null where it computes nothing or does not tell. */
  busyFor(): BusyThread | null;
  /** False where native code did not return in time. */
  terminate(withinMs: number): Promise<boolean>;
}

export interface BusyThread {
  readonly phase: string | null;
  readonly kernel: string | null;
  readonly millis: number;
}

export type OpenTraining = (
  start: TrainingStart,
  handlers: {
    readonly onMessage: (message: FromTraining) => void;
    readonly onCrash: (error: Error) => void;
  },
) => TrainingHost;

/** What this process needs before it can be a member. */
export interface PreparedRun {
  readonly job: TrainingJob;
  readonly start: TrainingStart;
}

export interface PrepareRequest {
  readonly run: RunAddress;
  readonly description: RunDescription;
  /** Asks the leader for the files of a digest and waits for its answer. */
  readonly requestFiles: (digest: string) => Promise<readonly PublishedFile[]>;
  readonly notice: (text: string) => void;
}

export interface WorkerControlParts {
  readonly bus: Bus;
  /** Monotonic; it goes on while the process stands still. */
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: WorkerMetrics;
  readonly links: WorkerLinks;
  readonly openTraining: OpenTraining;
  readonly job: JobId;
  /** Null: whichever run claims the job. */
  readonly run: RunId | null;
  readonly worker: WorkerId;
  readonly incarnation: string;
  /** Tells the job's secret from another one; null without any. */
  readonly secretMark: string | null;
  readonly pid: number;
  readonly host: string;
  /** How long it may take to end when it is asked to. */
  readonly grace: Millis;
  readonly permit: PermitLease;
  readonly prepare: (request: PrepareRequest) => Promise<PreparedRun>;
  /**
   * The newest checkpoint that can be read here, of what the run may go on from.
   *
   * @param recordedSteps of the run so far, beyond which none counts; null where it has not begun
   */
  readonly findCheckpoint: (
    request: PrepareRequest,
    recordedSteps: number | null,
  ) => Promise<FoundCheckpoint | null>;
  /** Tells the program that started this process, and its log. */
  readonly tell: (event: WorkerNews) => void;
  /** Ends the process without a word: native code holds its thread. */
  readonly kill: (reason: string) => void;
}

export type WorkerNews =
  | { readonly kind: 'waiting'; readonly reason: string }
  | { readonly kind: 'joined'; readonly run: string }
  | { readonly kind: 'notice'; readonly text: string }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly committedSteps: number;
    };
