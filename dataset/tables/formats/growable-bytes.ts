/** Bytes that grow by pieces: nothing is copied while they grow. */
const pieceBytes = 1 << 20;

export class GrowableBytes {
  #pieces: Uint8Array[] = [];
  #used = pieceBytes;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      if (this.#used === pieceBytes) {
        this.#pieces.push(new Uint8Array(pieceBytes));
        this.#used = 0;
      }
      const part = bytes.subarray(from, from + pieceBytes - this.#used);
      this.#pieces.at(-1)!.set(part, this.#used);
      this.#used += part.length;
      from += part.length;
    }
    this.#length += bytes.length;
  }

  /** One flat array of the bytes; this is empty afterwards, its pieces freed one by one. */
  take(): Uint8Array {
    const flat = new Uint8Array(this.#length);
    for (let at = 0; at < flat.length; at += pieceBytes) {
      flat.set(this.#pieces.shift()!.subarray(0, flat.length - at), at);
    }
    this.#pieces = [];
    this.#used = pieceBytes;
    this.#length = 0;
    return flat;
  }
}
