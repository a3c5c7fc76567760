/** What a coordinator is made of. */
import type { Bus } from '../shared/bus.js';
import type { Clock } from '../shared/clock.js';
import type { Log } from '../shared/log.js';
import type { RunEvent } from '../shared/messages/run-events.js';
import type { RunAddress } from '../shared/run/run-id.js';
import type { CoordinatorMetrics } from './metrics.js';
import type { FilesPublisher } from './plans/files-publisher.js';
import type { PlanSource } from './plans/plan-source.js';

/** What is known when the dataset is open, and needed when the membership forms. */
export interface Prepared {
  readonly dataset: { readonly directory: string; readonly digest: string };
  /** Committed steps at which training ends; null evaluates the checkpoint and trains nothing. */
  readonly totalSteps: number | null;
  readonly plans: PlanSource;
}

export interface CoordinatorParts {
  readonly bus: Bus;
  readonly clock: Clock;
  /** ISO 8601, for people. */
  readonly wallClock: () => string;
  readonly log: Log;
  readonly metrics: CoordinatorMetrics;
  readonly filesPublisher: FilesPublisher;
  readonly emit: (event: RunEvent) => void;
  readonly run: RunAddress;
  /** Sent to the workers as it is; they parse it like any spec. */
  readonly spec: unknown;
  readonly replicas: number;
  /** Secret of this run's links. */
  readonly linksToken: string;
  readonly checkpointDirectory: string;
  /** Whether to refuse to begin at the seed. */
  readonly checkpointRequired: boolean;
  readonly evaluate: boolean;
  /** Opening a large dataset takes longer than workers wait for a word: heartbeats go on meanwhile. */
  readonly prepared: Promise<Prepared>;
}
