/** What the simulated training thread is made of. */
import type { Random } from '../../shared/random.js';
import type { FromTraining } from '../../worker/training/messages.js';
import type { Scheduler } from '../time/scheduler.js';
import type { SimProcess } from '../time/sim-process.js';
import type { SimDisk } from './sim-disk.js';

/** What a run's steps are like. */
export interface TinyJob {
  readonly seed: number;
  readonly totalSteps: number;
  readonly lanes: number;
  readonly checkpointEvery: number;
  readonly evaluateEvery: number | null;
  readonly collapses: readonly number[];
  readonly stepTime: number;
}

export interface TinyTrainingParts {
  readonly job: TinyJob;
  readonly scheduler: Scheduler;
  readonly process: SimProcess;
  readonly random: Random;
  readonly disk: SimDisk;
  readonly mayPublish: () => boolean;
  readonly onMessage: (message: FromTraining) => void;
  readonly watch: TrainingWatch;
}

/** Tells who trains in what: for the checks, not for the code under test. */
export interface TrainingWatch {
  entered(process: SimProcess, generation: number): void;
  left(process: SimProcess, generation: number): void;
  published(process: SimProcess, generation: number, committedSteps: number, digest: string): void;
  /** The same of one that leaves and knows of nobody else who holds it. */
  saved(process: SimProcess, generation: number, committedSteps: number, digest: string): void;
}
