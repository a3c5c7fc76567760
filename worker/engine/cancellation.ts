/**
 * A thread that computes is deaf to messages. What another thread wants of it stands in shared
 * memory, where the engine looks before each kernel: up to which generation nobody wants results.
 * The number only grows, so a wish can neither be missed nor hit the generation that comes next.
 */

/** Nobody wants the result of a computation any more. */
export class ComputationCancelledError extends Error {
  override readonly name = 'ComputationCancelledError';
  readonly code = 'ABORTED';

  constructor(kernel: string) {
    super(`Cannot run kernel ${kernel}: the computation was cancelled: its result is not wanted`);
  }
}

/** Smaller than any generation, and greater. */
const none = -1;
const forGood = 2 ** 31 - 1;

export class Cancellation {
  readonly shared: SharedArrayBuffer;
  readonly #upTo: Int32Array;
  /** What this thread computes for. */
  #generation = forGood;
  #isShielded = false;

  /** @param shared that of the one that the other thread holds; a new one where it is left out. */
  constructor(shared?: SharedArrayBuffer) {
    this.shared = shared ?? new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    this.#upTo = new Int32Array(this.shared);
    if (shared === undefined) Atomics.store(this.#upTo, 0, none);
  }

  /** Whatever is computed for this generation or an older one ends; everything, where it is left out. */
  cancel(generation: number = forGood): void {
    // One thread writes, so nothing comes between the two.
    if (generation > Atomics.load(this.#upTo, 0)) Atomics.store(this.#upTo, 0, generation);
  }

  isCancelled(generation: number): boolean {
    return Atomics.load(this.#upTo, 0) >= generation;
  }

  /** From here on this thread computes for a generation; for none where it is null. */
  computeFor(generation: number | null): void {
    this.#generation = generation ?? forGood;
  }

  /** Runs what must be done whole or not at all. */
  shield<Result>(work: () => Result): Result {
    this.#isShielded = true;
    try {
      return work();
    } finally {
      this.#isShielded = false;
    }
  }

  /** @throws ComputationCancelledError before `kernel` runs. */
  require(kernel: string): void {
    if (!this.#isShielded && this.isCancelled(this.#generation)) {
      throw new ComputationCancelledError(kernel);
    }
  }
}
