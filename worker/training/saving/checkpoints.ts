/** A member's checkpoints: one at a time, written while the steps that follow are trained. */
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
  /** Called when it happens, not when the next checkpoint is due. */
  readonly onFailed: (error: Error) => void;
}

type OnWritten = (committedSteps: number, path: string, seconds: number) => void;

export class Checkpoints {
  readonly #options: CheckpointsOptions;
  #pending: Promise<void> | null = null;
  #writing: number | null = null;
  /** What each of the last checkpoints may need beside itself, oldest first. */
  readonly #needed: (readonly number[])[] = [];

  constructor(options: CheckpointsOptions) {
    this.#options = options;
    this.#needed.push(neededByGuard(options.begun));
  }

  /** Copies the state and starts to write it, once the checkpoint before is on disk. */
  async start(
    identity: CheckpointIdentity,
    vectors: StateVectors,
    onWritten: OnWritten,
  ): Promise<void> {
    await this.settle();
    const { writer, clock, onFailed } = this.#options;
    await writer.ready;
    const begin = clock.now();
    this.#writing = identity.committedSteps;
    this.#pending = writer.write(identity, vectors).then(async (path) => {
      // Another member writes them now, in a generation that this one has not heard of.
      if (path === null) return;
      await this.#finish(identity);
      onWritten(identity.committedSteps, path, (clock.now() - begin) / 1000);
    });
    this.#pending
      .finally(() => {
        this.#writing = null;
      })
      .catch(onFailed);
  }

  /** Committed steps of what is being written; null where nothing is. */
  get writing(): number | null {
    return this.#writing;
  }

  /** @throws whatever kept the last checkpoint from being written. */
  async settle(): Promise<void> {
    const pending = this.#pending;
    this.#pending = null;
    await pending;
  }

  async close(): Promise<void> {
    await this.#options.writer.close();
  }

  async #finish(identity: CheckpointIdentity): Promise<void> {
    const { location, mayPublish, keep } = this.#options;
    const { committedSteps, best } = identity;
    this.#needed.push(neededByGuard(identity));
    if (this.#needed.length > keep) this.#needed.shift();
    const besides = [...this.#needed.flat(), ...(best ? [best.committedSteps] : [])];
    await pruneCheckpoints(location, { keep, upTo: committedSteps, besides }, mayPublish);
  }
}

/** Committed steps of the checkpoints that a guard would roll back to, and of what was best by then. */
function neededByGuard({ guard }: CheckpointIdentity): number[] {
  const points = [guard?.healthy ?? null, guard?.candidate ?? null];
  return points.flatMap((point) => [point?.committedSteps ?? [], point?.best ?? []].flat());
}
