/** Rank 0's checkpoints: one at a time, written while the steps that follow are trained. */
import type { Clock } from '../../../shared/clock.js';
import type { CheckpointWriter } from '../../checkpoint/checkpoint-writer.js';
import { pruneCheckpoints } from '../../checkpoint/prune-checkpoints.js';
import type { MayPublish } from '../../checkpoint/store/publication-permit.js';
import type { CheckpointIdentity } from '../../checkpoint/write-checkpoint.js';
import type { StateVectors } from '../../state/host-state.js';

export interface CheckpointsOptions {
  readonly writer: CheckpointWriter;
  /** Where the writer writes. */
  readonly location: string;
  readonly mayPublish: MayPublish;
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

  async #finish(identity: CheckpointIdentity, path: string | null, begin: number): Promise<void> {
    // Another member writes them now, in a generation that this one has not heard of.
    if (path === null) return;
    const { location, mayPublish, keep, clock, onWritten } = this.#options;
    const { committedSteps, best } = identity;
    this.#newest = path;
    this.#needed.push(neededByGuard(identity));
    if (this.#needed.length > keep) this.#needed.shift();
    const besides = [...this.#needed.flat(), ...(best ? [best.committedSteps] : [])];
    await pruneCheckpoints(location, { keep, upTo: committedSteps, besides }, mayPublish);
    onWritten(committedSteps, path, (clock.now() - begin) / 1000);
  }
}

/** Committed steps of the checkpoints that a guard would roll back to, and of what was best by then. */
function neededByGuard({ guard }: CheckpointIdentity): number[] {
  const points = [guard?.healthy ?? null, guard?.candidate ?? null];
  return points.flatMap((point) => [point?.committedSteps ?? [], point?.best ?? []].flat());
}
