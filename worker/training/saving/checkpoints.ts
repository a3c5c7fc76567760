/** Rank 0's checkpoints: one at a time, written while the steps that follow are trained. */
import type { Clock } from '../../../shared/clock.js';
import type { CheckpointWriter } from '../../checkpoint/checkpoint-writer.js';
import { pruneCheckpoints } from '../../checkpoint/prune-checkpoints.js';
import type { CheckpointIdentity } from '../../checkpoint/write-checkpoint.js';
import type { StateVectors } from '../../state/host-state.js';

export interface CheckpointsOptions {
  readonly writer: CheckpointWriter;
  readonly directory: string;
  readonly keep: number;
  /** What training goes on from: a checkpoint of it may need others. */
  readonly begun: CheckpointIdentity;
  readonly clock: Clock;
  readonly onWritten: (committedSteps: number, path: string, seconds: number) => void;
  /** Called when it happens, not when the next checkpoint is due. */
  readonly onFailed: (error: Error) => void;
}

export class Checkpoints {
  readonly #options: CheckpointsOptions;
  #pending: Promise<void> | null = null;
  #newest: string | null = null;
  /** What each of the last checkpoints may need beside itself, oldest first. */
  readonly #needed: (readonly number[])[] = [];

  constructor(options: CheckpointsOptions) {
    this.#options = options;
    this.#needed.push(neededByGuard(options.begun));
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

  async #finish(identity: CheckpointIdentity, path: string, begin: number): Promise<void> {
    const { directory, keep, clock, onWritten } = this.#options;
    const { committedSteps, best } = identity;
    this.#newest = path;
    this.#needed.push(neededByGuard(identity));
    if (this.#needed.length > keep) this.#needed.shift();
    const besides = [...this.#needed.flat(), ...(best ? [best.committedSteps] : [])];
    await pruneCheckpoints(directory, { keep, upTo: committedSteps, besides });
    onWritten(committedSteps, path, (clock.now() - begin) / 1000);
  }
}

/** Committed steps of the checkpoints that a guard would roll back to, and of what was best by then. */
function neededByGuard({ guard }: CheckpointIdentity): number[] {
  const points = [guard?.healthy ?? null, guard?.candidate ?? null];
  return points.flatMap((point) => [point?.committedSteps ?? [], point?.best ?? []].flat());
}
