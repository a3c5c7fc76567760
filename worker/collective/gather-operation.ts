import type { Rank } from '../../shared/ids.js';
import { FrameError, type FrameHeader } from './frames/frames.js';
import { bytesOf, type Operation, type OutgoingFrame, type Send } from './operation.js';
import { chunkAt, chunkCount, chunkFloats } from './schedule.js';
import type { Tag } from './tag.js';

/** Everyone's part goes to everyone. */
export class GatherOperation implements Operation {
  readonly tag: Tag;
  readonly outgoingBytes: number;
  readonly #rank: Rank;
  readonly #parts: readonly Float32Array[];
  /** For each peer, which chunks have begun to arrive. */
  readonly #begun: readonly Uint8Array[];
  readonly #missing: number[];

  constructor(tag: Tag, rank: Rank, parts: readonly Float32Array[]) {
    this.tag = tag;
    this.#rank = rank;
    this.#parts = parts;
    const mine = parts[rank] as Float32Array;
    this.outgoingBytes = mine.byteLength * (parts.length - 1);
    this.#begun = parts.map(({ length }) => new Uint8Array(chunkCount(length)));
    this.#missing = parts.map(({ length }, peer) => (peer === rank ? 0 : chunkCount(length)));
  }

  start(send: Send): void {
    this.#parts.forEach((_, peer) => {
      if (peer !== this.#rank) send(peer as Rank, this.#frames());
    });
  }

  *#frames(): Generator<OutgoingFrame> {
    const { length } = this.#parts[this.#rank] as Float32Array;
    for (let chunk = 0; chunk < chunkCount(length); chunk++) yield this.frameOf(chunk);
  }

  /** A chunk of this member's own part. */
  frameOf(chunk: number): OutgoingFrame {
    const mine = this.#parts[this.#rank] as Float32Array;
    const { start, end } = chunkAt(chunk, mine.length);
    return {
      header: { kind: 'gather', node: 0, offset: start, total: mine.length },
      payload: bytesOf(mine.subarray(start, end)),
    };
  }

  open(peer: Rank, header: FrameHeader): Uint8Array {
    const part = this.#parts[peer] as Float32Array;
    const chunk = header.offset / chunkFloats;
    const { start, end } = chunkAt(chunk, part.length);
    const begun = this.#begun[peer] as Uint8Array;
    if (
      header.kind !== 'gather' ||
      header.total !== part.length ||
      header.byteLength !== (end - start) * 4 ||
      begun[chunk] !== 0
    ) {
      throw new FrameError(
        `${header.kind} of floats ${header.offset} + ${header.byteLength / 4} of ${header.total} ` +
          `from rank ${peer}: should be a missing chunk of its ${part.length} floats`,
      );
    }
    begun[chunk] = 1;
    return bytesOf(part.subarray(start, end));
  }

  receive(peer: Rank): void {
    this.#missing[peer] = (this.#missing[peer] as number) - 1;
  }

  owes(peer: Rank): boolean {
    return this.#missing[peer] !== 0;
  }
}
