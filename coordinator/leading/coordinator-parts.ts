/** What a coordinator is made of: no clock, no random numbers and no sockets but these. */
import type { Bus } from '../../shared/bus.js';
import type { Clock } from '../../shared/clock.js';
import type { Log } from '../../shared/log.js';
import type { RunResult } from '../../shared/messages/run-events.js';
import type { Liveness, Owner } from '../../shared/run/owner.js';
import type { RunDescription } from '../../shared/run/run-description.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import type { Millis } from '../../shared/units.js';
import type { WorkersWanted } from '../membership/cluster-view.js';
import type { CoordinatorMetrics } from '../metrics.js';
import type { FilesPublisher } from '../plans/files-publisher.js';
import type { PlanSource } from '../plans/plan-source.js';
import type { EntryReader } from './log-follower.js';

/** What is known when the dataset is open, and needed before a generation can be formed. */
export interface Prepared {
  readonly dataset: { readonly directory: string; readonly digest: string };
  /** Committed steps at which training ends; null evaluates the checkpoint and trains nothing. */
  readonly totalSteps: number | null;
  readonly plans: PlanSource;
}

export interface CoordinatorParts {
  readonly bus: Bus;
  /** Monotonic and never standing still, as `systemClock`: what is awake time is found out here. */
  readonly clock: Clock;
  /** ISO 8601, of the wall clock: for people. */
  readonly time: () => string;
  readonly log: Log;
  readonly metrics: CoordinatorMetrics;
  readonly filesPublisher: FilesPublisher;
  readonly run: RunAddress;
  /** The process, for people: host and pid. */
  readonly name: string;
  readonly owner: Owner;
  readonly liveness: (owner: Owner) => Liveness;
  /** Of the claim: random, or of the process that holds the name for this one. */
  readonly token: string;
  /** What workers need besides the dataset and the number of steps. */
  readonly description: Omit<RunDescription, 'dataset' | 'totalSteps'>;
  readonly workers: WorkersWanted;
  /** Whether a run that has ended already is gone on with: trained further, or once more after a failure. */
  readonly goesOnBehindEnd: boolean;
  /** Whether to refuse to begin at the seed. */
  readonly checkpointRequired: boolean;
  readonly prepared: Promise<Prepared>;
  /** How long it may stay for workers that are asked to end together with it. */
  readonly grace: Millis;
  /** Whoever else wants the entries of the log as they are read. */
  readonly entryReader?: EntryReader;
  /** Removes what dead runs of the name left; called by whoever leads. */
  readonly sweep: () => Promise<readonly string[]>;
  /** Something that people should know before there is a log. */
  readonly note: (text: string) => void;
}

/** What became of a coordinator; the run goes on without it where it has `left`. */
export type CoordinatorOutcome =
  | { readonly kind: 'finished'; readonly result: RunResult }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'left' };
