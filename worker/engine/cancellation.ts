/**
 * A thread that computes is deaf to messages. What another thread wants of it stands in shared
 * memory, where the engine looks before each kernel.
 */

/** Nobody wants the result of a computation any more. */
export class ComputationCancelledError extends Error {
  override readonly name = 'ComputationCancelledError';
  readonly code = 'ABORTED';

  constructor(kernel: string) {
    super(`Cannot run kernel ${kernel}: the computation was cancelled: its thread is about to end`);
  }
}

export class Cancellation {
  readonly shared: SharedArrayBuffer;
  readonly #flag: Int32Array;

  /** @param shared that of the one that the other thread holds; a new one where it is left out. */
  constructor(shared = new SharedArrayBuffer(4)) {
    this.shared = shared;
    this.#flag = new Int32Array(shared);
  }

  /** For good. */
  cancel(): void {
    Atomics.store(this.#flag, 0, 1);
  }

  /** @throws ComputationCancelledError before `kernel` runs. */
  require(kernel: string): void {
    if (Atomics.load(this.#flag, 0) !== 0) throw new ComputationCancelledError(kernel);
  }
}
