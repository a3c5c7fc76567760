import { unitSeparator } from './text-layout.js';

/** Makes one byte of every `::`, also where a chunk ends between the two. */
export class ColonJoiner {
  #open = false;

  push(chunk: Uint8Array): Uint8Array {
    const colon = 0x3a;
    const out = new Uint8Array(chunk.length + 1);
    let length = 0;
    for (const byte of chunk) {
      if (byte === colon && this.#open) {
        this.#open = false;
        out[length++] = unitSeparator;
        continue;
      }
      if (this.#open) out[length++] = colon;
      this.#open = byte === colon;
      if (!this.#open) out[length++] = byte;
    }
    return out.subarray(0, length);
  }

  /** What is left: a colon that nothing follows. */
  end(): Uint8Array {
    return Uint8Array.from(this.#open ? [0x3a] : []);
  }
}
