import type { FrameHeader } from './frames.js';

/**
 * Payloads of one peer that may wait here for their operation; its link is paused above. One
 * step's small exchanges fit; a large one waits in the peer, which keeps this thread's memory flat.
 */
export const earlyBytesLimit = 16 * 2 ** 20;

export interface EarlyFrame {
  readonly header: FrameHeader;
  readonly payload: Uint8Array;
}

/** Frames of one peer whose operation has not been started on this side. */
export class EarlyFrames {
  readonly #byTag = new Map<string, EarlyFrame[]>();
  #bytes = 0;

  /** Whether the peer has to wait before it sends more. */
  get isFull(): boolean {
    return this.#bytes > earlyBytesLimit;
  }

  keep(tagKey: string, frame: EarlyFrame): void {
    const frames = this.#byTag.get(tagKey) ?? [];
    frames.push(frame);
    this.#byTag.set(tagKey, frames);
    this.#bytes += frame.payload.byteLength;
  }

  /** In the order in which they came. */
  take(tagKey: string): readonly EarlyFrame[] {
    const frames = this.#byTag.get(tagKey) ?? [];
    this.#byTag.delete(tagKey);
    for (const { payload } of frames) this.#bytes -= payload.byteLength;
    return frames;
  }
}
