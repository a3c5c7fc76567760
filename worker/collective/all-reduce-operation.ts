import type { Rank } from '../../shared/ids.js';
import type { Arithmetic } from '../arithmetic/arithmetic.js';
import type { FrameHeader } from './frames/frames.js';
import { GatherOperation } from './gather-operation.js';
import type { Operation, Send } from './operation.js';
import { ReduceOperation, type ReduceParts } from './reduce-operation.js';
import type { Slice } from './schedule.js';
import type { Tag } from './tag.js';

/**
 * Reduce-scatter and all-gather as one operation: a finished chunk leaves for everyone at once,
 * while the next ones are still being added.
 */
export class AllReduceOperation implements Operation {
  readonly tag: Tag;
  readonly outgoingBytes: number;
  readonly #reduce: ReduceOperation;
  readonly #gather: GatherOperation;
  readonly #peers: readonly Rank[];
  readonly #arithmetic: Arithmetic;
  #send: Send = () => undefined;

  /**
   * @param into the whole vector, finished at the end. It may be the vector of the first own lane:
   * the finished chunk of a slice comes back only after its owner has had the own sums of it.
   */
  constructor(parts: ReduceParts, into: Float32Array) {
    const { tag, rank, shape } = parts;
    this.#arithmetic = parts.arithmetic;
    this.tag = tag;
    this.#peers = shape.slices.map((_, peer) => peer as Rank).filter((peer) => peer !== rank);
    const vectors = shape.slices.map((slice: Slice) => into.subarray(slice.start, slice.end));
    const mine = vectors[rank] as Float32Array;
    this.#gather = new GatherOperation(tag, rank, vectors);
    this.#reduce = new ReduceOperation({
      ...parts,
      scratch: mine,
      onChunk: (chunk) => this.#spread(chunk, mine),
    });
    this.outgoingBytes = this.#reduce.outgoingBytes + this.#gather.outgoingBytes;
  }

  start(send: Send): void {
    this.#send = send;
    this.#reduce.start(send);
  }

  #spread(chunk: number, mine: Float32Array): void {
    const { result } = this.#reduce;
    const frame = this.#gather.frameOf(chunk);
    if (result.buffer !== mine.buffer || result.byteOffset !== mine.byteOffset) {
      const start = frame.header.offset;
      const end = start + frame.payload.byteLength / 4;
      this.#arithmetic.copy(mine.subarray(start, end), result.subarray(start, end));
    }
    for (const peer of this.#peers) this.#send(peer, [frame]);
  }

  open(peer: Rank, header: FrameHeader): Uint8Array {
    const { kind } = header;
    return kind === 'gather' ? this.#gather.open(peer, header) : this.#reduce.open(peer, header);
  }

  receive(peer: Rank, header: FrameHeader): void {
    if (header.kind === 'gather') this.#gather.receive(peer);
    else this.#reduce.receive(peer, header);
  }

  owes(peer: Rank): boolean {
    return this.#reduce.owes(peer) || this.#gather.owes(peer);
  }
}
