/** A folder of checkpoints that outlives the processes that write into it. */
import { copyOf, type TinyState } from './tiny-state.js';

export interface TinyCheckpoint {
  readonly committedSteps: number;
  readonly path: string;
}

export class SimDisk {
  readonly #name: string;
  readonly #checkpoints = new Map<string, TinyState>();

  constructor(name: string) {
    this.#name = name;
  }

  pathOf(committedSteps: number): string {
    return `${this.#name}/step-${String(committedSteps).padStart(8, '0')}`;
  }

  /** All of it at once, as a rename does. */
  write(state: TinyState): TinyCheckpoint {
    const path = this.pathOf(state.committedSteps);
    this.#checkpoints.set(path, copyOf(state));
    return { committedSteps: state.committedSteps, path };
  }

  read(path: string): TinyState | null {
    const found = this.#checkpoints.get(path);
    return found === undefined ? null : copyOf(found);
  }

  /** Of no more steps than these. */
  newest(stepsMax: number): TinyCheckpoint | null {
    const all = [...this.#checkpoints].map(([path, { committedSteps }]) => ({
      path,
      committedSteps,
    }));
    return all.reduce<TinyCheckpoint | null>(
      (best, next) =>
        next.committedSteps <= stepsMax && next.committedSteps > (best?.committedSteps ?? -1)
          ? next
          : best,
      null,
    );
  }
}
