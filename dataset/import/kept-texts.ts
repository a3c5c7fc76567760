/**
 * The items' titles and texts as they are kept for people: UTF-8 in one piece with offsets, so that
 * reading one costs nothing of the others.
 */
import { limits } from '../limits.js';
import { GrowableBytes } from '../tables/formats/growable-bytes.js';

export interface KeptTexts {
  readonly bytes: Uint8Array;
  /** [items + 1] */
  readonly offsets: Uint32Array;
  /** Texts that were longer than what is kept. */
  readonly cut: number;
}

/** Takes one text an item, in the order of their numbers. */
export class TextKeeper {
  readonly #bytes = new GrowableBytes();
  readonly #offsets: Uint32Array;
  readonly #most: number;
  #count = 0;
  #cut = 0;

  /**
   * @param items how many will come
   * @param most bytes of one text
   * @param total bytes of all: where there are many items, each has an even share of it
   */
  constructor(items: number, most: number, total: number) {
    this.#offsets = new Uint32Array(items + 1);
    this.#most = Math.min(most, Math.floor(total / Math.max(1, items)));
  }

  static ofTitles(items: number): TextKeeper {
    return new TextKeeper(items, limits.titleBytes, limits.allTitleBytes);
  }

  static ofTexts(items: number): TextKeeper {
    return new TextKeeper(items, limits.textBytes, limits.allTextBytes);
  }

  add(text: string): void {
    const bytes = new TextEncoder().encode(text);
    const length = cutLength(bytes, this.#most);
    if (length < bytes.length) this.#cut++;
    this.#bytes.append(bytes.subarray(0, length));
    this.#offsets[++this.#count] = this.#bytes.length;
  }

  take(): KeptTexts {
    return { bytes: this.#bytes.take(), offsets: this.#offsets, cut: this.#cut };
  }
}

/** At most so many bytes, and no part of a character. */
export function cutLength(bytes: Uint8Array, most: number): number {
  if (bytes.length <= most) return bytes.length;
  let length = most;
  while (length > 0 && (bytes[length]! & 0xc0) === 0x80) length--;
  return length;
}
