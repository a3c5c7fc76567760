/** A typed array that grows by pieces: nothing is copied while it grows. */
const pieceLength = 1 << 18;

export class GrowableInt32Array {
  #pieces: Int32Array[] = [];
  #last = new Int32Array(0);
  #used = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#used === this.#last.length) {
      this.#last = new Int32Array(pieceLength);
      this.#pieces.push(this.#last);
      this.#used = 0;
    }
    this.#last[this.#used++] = value;
    this.#length++;
  }

  get(index: number): number {
    return this.#pieces[Math.floor(index / pieceLength)]![index % pieceLength]!;
  }

  increment(index: number): void {
    const piece = this.#pieces[Math.floor(index / pieceLength)]!;
    piece[index % pieceLength] = piece[index % pieceLength]! + 1;
  }

  /** One flat array of the values; this array is empty afterwards, its pieces freed one by one. */
  take(): Int32Array {
    const flat = new Int32Array(this.#length);
    for (let at = 0; at < this.#length; at += pieceLength) {
      const piece = this.#pieces.shift()!;
      flat.set(piece.subarray(0, Math.min(pieceLength, this.#length - at)), at);
    }
    this.#pieces = [];
    this.#last = new Int32Array(0);
    this.#used = 0;
    this.#length = 0;
    return flat;
  }
}
