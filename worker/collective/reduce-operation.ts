import type { Rank } from '../../shared/ids.js';
import {
  nodeNumber,
  sumBelow,
  type TreeNode,
  topOf,
} from '../../shared/reduction/reduction-tree.js';
import type { Arithmetic } from '../arithmetic/arithmetic.js';
import type { ChunkMemory } from './chunk-memory.js';
import { type Contributions, firstOf } from './exchange.js';
import { FrameError, type FrameHeader } from './frames/frames.js';
import { bytesOf, type Operation, type OutgoingFrame, type Send } from './operation.js';
import {
  chunkAt,
  chunkCount,
  chunkFloats,
  type ReduceShape,
  rootsOfRank,
  type Slice,
  transfersBetween,
} from './schedule.js';
import type { Tag } from './tag.js';

export interface ReduceParts {
  readonly tag: Tag;
  readonly rank: Rank;
  readonly shape: ReduceShape;
  /** Whole vectors; all of them are overwritten with partial sums. */
  readonly contributions: Contributions;
  /** Where a member without lanes finishes its slice; others use their first vector. */
  readonly scratch: Float32Array;
  readonly arithmetic: Arithmetic;
  readonly memory: ChunkMemory;
  /** Called when a chunk of this member's slice is finished. */
  readonly onChunk?: (chunk: number) => void;
}

/** Sums of some lanes, keyed by the number of their node; the newest may still be arriving. */
type ChunkSums = Map<number, Float32Array>;

/** Every slice is summed over all lanes by its owner. */
export class ReduceOperation implements Operation {
  readonly tag: Tag;
  readonly outgoingBytes: number;
  /** This member's finished slice. */
  readonly result: Float32Array;
  readonly #parts: ReduceParts;
  readonly #peers: readonly Rank[];
  readonly #roots: readonly TreeNode[];
  /** Which peer sends the sum of a node. */
  readonly #senders = new Map<number, Rank>();
  /** For each chunk of the own slice, what has arrived; null once it is finished. */
  readonly #arrived: (ChunkSums | null)[];
  readonly #missing: number[];
  /** How many sums of each chunk are whole. */
  readonly #whole: number[];

  constructor(parts: ReduceParts) {
    const { tag, rank, shape, contributions, scratch } = parts;
    this.tag = tag;
    this.#parts = parts;
    this.#roots = rootsOfRank(rank, shape);
    this.#peers = shape.slices.map((_, peer) => peer as Rank).filter((peer) => peer !== rank);
    const { start, end } = shape.slices[rank] as Slice;
    const first = firstOf(contributions);
    this.result = first?.subarray(start, end) ?? scratch.subarray(0, end - start);
    this.#arrived = Array.from({ length: chunkCount(end - start) }, () => new Map());
    this.#whole = this.#arrived.map(() => 0);
    this.#missing = shape.slices.map(() => 0);
    let outgoing = 0;
    for (const peer of this.#peers) {
      for (const { slice } of transfersBetween(rank, peer, shape))
        outgoing += slice.end - slice.start;
      for (const { node } of transfersBetween(peer, rank, shape)) {
        this.#senders.set(nodeNumber(node), peer);
        this.#missing[peer] = (this.#missing[peer] as number) + this.#arrived.length;
      }
    }
    this.outgoingBytes = outgoing * 4;
  }

  start(send: Send): void {
    const { rank, shape } = this.#parts;
    for (const peer of this.#peers) {
      if (transfersBetween(rank, peer, shape).length > 0) send(peer, this.#frames(peer));
    }
    if (this.#senders.size > 0) return;
    for (const chunk of this.#arrived.keys()) this.#finish(chunk);
  }

  /** Chunk by chunk, so that the owner can finish a chunk while the next one travels. */
  *#frames(peer: Rank): Generator<OutgoingFrame> {
    const slice = this.#parts.shape.slices[peer] as Slice;
    const total = slice.end - slice.start;
    for (let chunk = 0; chunk < chunkCount(total); chunk++) {
      const { start, end } = chunkAt(chunk, total);
      for (const root of this.#roots) {
        const sum = this.#ownSum(root, slice.start + start, slice.start + end);
        yield {
          header: { kind: 'reduce', node: nodeNumber(root), offset: start, total },
          payload: bytesOf(sum),
        };
      }
    }
  }

  /** Adds own vectors in place, into the first one below `root`. */
  #ownSum(root: TreeNode, start: number, end: number): Float32Array {
    const { contributions, shape, arithmetic } = this.#parts;
    return sumBelow(
      root,
      shape.shares.lanes,
      (node) => contributions.get(nodeNumber(node))?.subarray(start, end),
      (left, right) => {
        arithmetic.add(left, right);
        return left;
      },
    );
  }

  open(peer: Rank, header: FrameHeader): Uint8Array {
    const chunk = header.offset / chunkFloats;
    const { start, end } = chunkAt(chunk, this.result.length);
    if (
      header.kind !== 'reduce' ||
      header.total !== this.result.length ||
      header.byteLength !== (end - start) * 4 ||
      this.#senders.get(header.node) !== peer ||
      this.#arrived[chunk]?.has(header.node) !== false
    ) {
      throw new FrameError(
        `${header.kind} of node ${header.node}, floats ${header.offset} + ` +
          `${header.byteLength / 4} of ${header.total}, from rank ${peer}: ` +
          `should be a missing sum for the own ${this.result.length} floats`,
      );
    }
    const sum = this.#parts.memory.take(end - start);
    this.#arrived[chunk]?.set(header.node, sum);
    return bytesOf(sum);
  }

  receive(peer: Rank, header: FrameHeader): void {
    const chunk = header.offset / chunkFloats;
    const whole = (this.#whole[chunk] as number) + 1;
    this.#whole[chunk] = whole;
    if (whole === this.#senders.size) this.#finish(chunk);
    // Counted last, so that the operation is not over before its last chunk is finished.
    this.#missing[peer] = (this.#missing[peer] as number) - 1;
  }

  #finish(chunk: number): void {
    const { rank, shape, arithmetic, onChunk } = this.#parts;
    const { lanes } = shape.shares;
    const { start, end } = chunkAt(chunk, this.result.length);
    const target = this.result.subarray(start, end);
    const base = (shape.slices[rank] as Slice).start;
    const sums = this.#arrived[chunk] as ChunkSums;
    const own = new Set(this.#roots.map(nodeNumber));
    const isTarget = (sum: Float32Array): boolean =>
      sum.buffer === target.buffer && sum.byteOffset === target.byteOffset;
    const total = sumBelow(
      topOf(lanes),
      lanes,
      (node) =>
        own.has(nodeNumber(node))
          ? this.#ownSum(node, base + start, base + end)
          : sums.get(nodeNumber(node)),
      (left, right) => {
        // Addition commutes to the last bit, so the sum may be built where it has to end.
        const [into, other] = isTarget(right) ? [right, left] : [left, right];
        arithmetic.add(into, other);
        return into;
      },
    );
    if (!isTarget(total)) arithmetic.copy(target, total);
    this.#arrived[chunk] = null;
    for (const sum of sums.values()) this.#parts.memory.giveBack(sum);
    onChunk?.(chunk);
  }

  owes(peer: Rank): boolean {
    return this.#missing[peer] !== 0;
  }
}
