/**
 * The pairs of neighbouring tokens, numbered from 0 on: how often each occurs, weighted by its words, and
 * where. A hash table over typed arrays: learning from a million words asks it a hundred million times.
 */
export class PairTable {
  size = 0;
  left = new Int32Array(1024);
  right = new Int32Array(1024);
  count = new Float64Array(1024);
  /** The newest place of a pair, as an index into `#places`, or -1. */
  #newest = new Int32Array(1024);
  /** Place and the index of the one before it, by turns. */
  #places = new Int32Array(4096);
  #placesUsed = 0;
  #slots = new Int32Array(4096).fill(-1);

  /** Adds to the count of a pair and notes where it stands; returns its number. */
  add(left: number, right: number, weight: number, place: number): number {
    const pair = this.#numberOf(left, right);
    this.count[pair]! += weight;
    if (this.#placesUsed + 2 > this.#places.length) this.#places = grown(this.#places);
    this.#places[this.#placesUsed] = place;
    this.#places[this.#placesUsed + 1] = this.#newest[pair]!;
    this.#newest[pair] = this.#placesUsed;
    this.#placesUsed += 2;
    return pair;
  }

  /** Takes from the count; the place stays behind and must be checked by who takes it. */
  subtract(left: number, right: number, weight: number): void {
    this.count[this.#numberOf(left, right)]! -= weight;
  }

  /** Where the pair has stood, in rising order; the count and the places are forgotten. */
  take(pair: number): Int32Array {
    let length = 0;
    for (let at = this.#newest[pair]!; at >= 0; at = this.#places[at + 1]!) length++;
    const places = new Int32Array(length);
    for (let at = this.#newest[pair]!; at >= 0; at = this.#places[at + 1]!) {
      places[--length] = this.#places[at]!;
    }
    this.count[pair] = 0;
    this.#newest[pair] = -1;
    return places.sort();
  }

  #numberOf(left: number, right: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash(left, right) & mask;
    for (let pair = this.#slots[slot]!; pair >= 0; pair = this.#slots[slot]!) {
      if (this.left[pair] === left && this.right[pair] === right) return pair;
      slot = (slot + 1) & mask;
    }
    const pair = this.size++;
    if (pair === this.left.length) this.#growPairs();
    this.left[pair] = left;
    this.right[pair] = right;
    this.#newest[pair] = -1;
    this.#slots[slot] = pair;
    // At most half full, so that a search ends soon.
    if (this.size * 2 > this.#slots.length) this.#growSlots();
    return pair;
  }

  #growPairs(): void {
    this.left = grown(this.left);
    this.right = grown(this.right);
    this.#newest = grown(this.#newest);
    const count = new Float64Array(2 * this.count.length);
    count.set(this.count);
    this.count = count;
  }

  #growSlots(): void {
    this.#slots = new Int32Array(4 * this.#slots.length).fill(-1);
    const mask = this.#slots.length - 1;
    for (let pair = 0; pair < this.size; pair++) {
      let slot = hash(this.left[pair]!, this.right[pair]!) & mask;
      while (this.#slots[slot]! >= 0) slot = (slot + 1) & mask;
      this.#slots[slot] = pair;
    }
  }
}

function hash(left: number, right: number): number {
  const mixed = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

function grown(old: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * old.length);
  larger.set(old);
  return larger;
}
