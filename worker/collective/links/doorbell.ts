/**
 * One number in shared memory, by which a thread is told in the middle of its work that it has messages.
 * The event loop comes to them behind all that the sockets have brought, and on cores that others want
 * as well every millisecond of work is several of waiting.
 */
export class Doorbell {
  readonly memory: Int32Array;
  #heard = 0;

  /** @param memory of the bell at the other thread; left out: a new one */
  constructor(
    memory: Int32Array = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)),
  ) {
    this.memory = memory;
  }

  /** To be called when the message has been posted. */
  ring(): void {
    Atomics.add(this.memory, 0, 1);
  }

  /** Whether it was rung since the last call. */
  answer(): boolean {
    const rings = Atomics.load(this.memory, 0);
    if (rings === this.#heard) return false;
    this.#heard = rings;
    return true;
  }
}
