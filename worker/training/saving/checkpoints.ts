/** Rank 0's checkpoints: one at a time, written while the steps that follow are trained. */
import type { Clock } from '../../../shared/clock.js';
import type { CheckpointWriter } from '../../checkpoint/checkpoint-writer.js';
import { pruneCheckpoints } from '../../checkpoint/prune-checkpoints.js';
import type { CheckpointIdentity } from '../../checkpoint/write-checkpoint.js';
import type { StateVectors } from '../../state/host-state.js';

export interface CheckpointsOptions {
  readonly writer: CheckpointWriter;
  readonly directory: string;
  readonly everySteps: number;
  readonly keep: number;
  readonly clock: Clock;
  readonly onWritten: (committedSteps: number, path: string, seconds: number) => void;
  /** Called when it happens, not when the next checkpoint is due. */
  readonly onFailed: (error: Error) => void;
}

export class Checkpoints {
  readonly #options: CheckpointsOptions;
  #pending: Promise<void> | null = null;
  #newest: string | null = null;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
  }

  /** Whether a step count is one of those at which the job wants a checkpoint. */
  isDue(committedSteps: number): boolean {
    return committedSteps % this.#options.everySteps === 0;
  }

  /** Copies the state and starts to write it, once the checkpoint before is on disk. */
  async start(identity: CheckpointIdentity, vectors: StateVectors): Promise<void> {
    await this.settle();
    const { writer, clock, onFailed } = this.#options;
    await writer.ready;
    const begin = clock.now();
    this.#pending = writer
      .write(identity, vectors)
      .then((path) => this.#finish(identity, path, begin));
    this.#pending.catch(onFailed);
  }

  /** @throws whatever kept the last checkpoint from being written. */
  async settle(): Promise<void> {
    const pending = this.#pending;
    this.#pending = null;
    await pending;
  }

  /** The path of the newest that was written; null before the first. */
  get newest(): string | null {
    return this.#newest;
  }

  async close(): Promise<void> {
    await this.#options.writer.close();
  }

  async #finish(
    { committedSteps, best }: CheckpointIdentity,
    path: string,
    begin: number,
  ): Promise<void> {
    const { directory, keep, clock, onWritten } = this.#options;
    this.#newest = path;
    await pruneCheckpoints(directory, {
      keep,
      upTo: committedSteps,
      best: best?.committedSteps ?? null,
    });
    onWritten(committedSteps, path, (clock.now() - begin) / 1000);
  }
}
