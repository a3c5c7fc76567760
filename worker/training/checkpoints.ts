/**
 * When a member writes checkpoints, and how: rank 0 does, in the background of the steps that
 * follow, one at a time.
 */
import type { Clock } from '../../shared/clock.js';
import { pruneCheckpoints } from '../checkpoint/prune-checkpoints.js';
import { type CheckpointContent, writeCheckpoint } from '../checkpoint/write-checkpoint.js';

export interface CheckpointsOptions {
  readonly directory: string;
  readonly everySteps: number;
  readonly keep: number;
  readonly clock: Clock;
  readonly onWritten: (committedSteps: number, path: string, seconds: number) => void;
}

export class Checkpoints {
  readonly #options: CheckpointsOptions;
  #pending: Promise<string> | null = null;
  #newest: { committedSteps: number; path: string } | null;

  /** @param newest the checkpoint that training resumed from. */
  constructor(
    options: CheckpointsOptions,
    newest: { committedSteps: number; path: string } | null,
  ) {
    this.#options = options;
    this.#newest = newest;
  }

  /** Whether a step count is one of those at which the job wants a checkpoint. */
  isDue(committedSteps: number): boolean {
    return committedSteps % this.#options.everySteps === 0;
  }

  /** Copies the state and starts to write it, once the checkpoint before is on disk. */
  async start(content: CheckpointContent): Promise<void> {
    await this.settle();
    const { directory, keep, clock, onWritten } = this.#options;
    const { committedSteps } = content;
    const begin = clock.now();
    const written = writeCheckpoint(directory, content).then(async (path) => {
      this.#newest = { committedSteps, path };
      await pruneCheckpoints(directory, { keep, upTo: committedSteps });
      onWritten(committedSteps, path, (clock.now() - begin) / 1000);
      return path;
    });
    // The failure is met by `settle`; it must not end the process before.
    written.catch(() => undefined);
    this.#pending = written;
  }

  /** @throws whatever kept the last checkpoint from being written. */
  async settle(): Promise<void> {
    const pending = this.#pending;
    this.#pending = null;
    await pending;
  }

  get newest(): { readonly committedSteps: number; readonly path: string } | null {
    return this.#newest;
  }
}
