/**
 * Numbers ids in the order in which they first appear. The ids stay bytes in one arena with an
 * open-addressing hash table beside it: some 20 bytes an id, where a Map of strings takes over 100
 * and strains the garbage collector at tens of millions of users.
 */
import { DatasetError } from '../dataset-error.js';
import { limits } from '../limits.js';

const empty = -1;

/** Ids as flat arrays: id i is the UTF-8 text bytes[offsets[i]..offsets[i+1]). */
export interface FlatIds {
  readonly bytes: Uint8Array;
  /** [ids + 1] */
  readonly offsets: Uint32Array;
}

export class IdTable {
  #bytes: Uint8Array = new Uint8Array(1024);
  #offsets = new Uint32Array(65);
  #slots: Int32Array = new Int32Array(128).fill(empty);
  #count = 0;

  static from({ bytes, offsets }: FlatIds): IdTable {
    const table = new IdTable();
    table.#bytes = bytes;
    table.#offsets = Uint32Array.from(offsets);
    table.#count = offsets.length - 1;
    table.#rehash();
    return table;
  }

  get count(): number {
    return this.#count;
  }

  /** The number of the id bytes[start..end), or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    return this.#slots[this.#slotOf(bytes, start, end)]!;
  }

  /** The number of the id bytes[start..end), a new one where it is new. */
  add(bytes: Uint8Array, start: number, end: number): number {
    const slot = this.#slotOf(bytes, start, end);
    const known = this.#slots[slot]!;
    if (known !== empty) return known;
    const number = this.#count;
    this.#append(bytes, start, end);
    this.#slots[slot] = number;
    if (this.#count * 3 > this.#slots.length * 2) this.#rehash();
    return number;
  }

  text(number: number): string {
    return Buffer.from(
      this.#bytes.buffer,
      this.#bytes.byteOffset + this.#offsets[number]!,
      this.#offsets[number + 1]! - this.#offsets[number]!,
    ).toString('utf8');
  }

  /** Views of the ids so far; they become stale with the next `add`. */
  flat(): FlatIds {
    const offsets = this.#offsets.subarray(0, this.#count + 1);
    return { bytes: this.#bytes.subarray(0, offsets[this.#count]!), offsets };
  }

  /** The slot that holds the id, or the empty one where it belongs. */
  #slotOf(bytes: Uint8Array, start: number, end: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash(bytes, start, end) & mask;
    for (;;) {
      const number = this.#slots[slot]!;
      if (number === empty || this.#equals(number, bytes, start, end)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #equals(number: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#offsets[number]!;
    const length = end - start;
    if (this.#offsets[number + 1]! - from !== length) return false;
    const own = this.#bytes;
    for (let i = 0; i < length; i++) {
      if (own[from + i] !== bytes[start + i]) return false;
    }
    return true;
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    const from = this.#offsets[this.#count]!;
    const to = from + end - start;
    if (to > limits.idBytes || this.#count >= limits.rows) {
      throw new DatasetError(
        'TOO_LARGE',
        `Cannot number one more id: there are ${this.#count} of ${from} bytes: ` +
          `at most ${limits.rows} of ${limits.idBytes} bytes are possible`,
      );
    }
    if (to > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(limits.idBytes, Math.max(to, this.#bytes.length * 2)));
      larger.set(this.#bytes.subarray(0, from));
      this.#bytes = larger;
    }
    for (let i = start; i < end; i++) this.#bytes[from + i - start] = bytes[i]!;
    if (this.#count + 2 > this.#offsets.length) {
      const larger = new Uint32Array(this.#offsets.length * 2);
      larger.set(this.#offsets);
      this.#offsets = larger;
    }
    this.#offsets[++this.#count] = to;
  }

  #rehash(): void {
    let size = 128;
    while (this.#count * 2 > size) size *= 2;
    this.#slots = new Int32Array(size).fill(empty);
    for (let number = 0; number < this.#count; number++) {
      const slot = this.#slotOf(this.#bytes, this.#offsets[number]!, this.#offsets[number + 1]!);
      this.#slots[slot] = number;
    }
  }
}

/** FNV-1a with a final mix, because the table uses the low bits and ids differ in few bytes. */
function hash(bytes: Uint8Array, start: number, end: number): number {
  let value = 0x811c9dc5;
  for (let i = start; i < end; i++) value = Math.imul(value ^ bytes[i]!, 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return value ^ (value >>> 13);
}
