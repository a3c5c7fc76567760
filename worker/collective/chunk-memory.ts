import { maxPayloadBytes } from './frames/frames.js';

/** Chunks that may lie idle: what two large operations of a few members have on the way. */
const keptChunks = 64;

/**
 * Memory for sums that arrive, used again and again: fresh memory costs a page fault for every
 * 4 KiB, which is as slow as copying what goes into it.
 */
export class ChunkMemory {
  readonly #free: ArrayBuffer[] = [];

  take(floats: number): Float32Array {
    return new Float32Array(this.#free.pop() ?? new ArrayBuffer(maxPayloadBytes), 0, floats);
  }

  giveBack(chunk: Float32Array): void {
    if (this.#free.length < keptChunks) this.#free.push(chunk.buffer as ArrayBuffer);
  }
}
