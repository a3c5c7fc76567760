import { rank } from '../../shared/ids.js';
import { evenShares, type LaneShares } from '../../shared/plan/lane-ownership.js';
import { nodeNumber, sumBelow, topOf } from '../../shared/reduction/reduction-tree.js';
import { type Millis, millis } from '../../shared/units.js';
import type { Arithmetic } from '../arithmetic/arithmetic.js';
import { type Contributions, type Exchange, firstOf } from './exchange.js';
import { chunkAt, chunkCount, type Slice } from './schedule.js';
import type { Tag } from './tag.js';

/** The only member: owns every lane, adds them in the same tree, and waits for nobody. */
export class LocalExchange implements Exchange {
  readonly rank = rank(0);
  readonly size = 1;
  readonly shares: LaneShares;
  readonly #arithmetic: Arithmetic;

  /** @param lanes V. */
  constructor(arithmetic: Arithmetic, lanes: number) {
    this.shares = evenShares(1, lanes);
    this.#arithmetic = arithmetic;
  }

  async allGather(): Promise<void> {}

  async reduceScatter(
    _tag: Tag,
    contributions: Contributions,
    slices: readonly Slice[],
  ): Promise<Float32Array> {
    const { lanes } = this.shares;
    const { start, end } = slices[0] as Slice;
    // Chunk by chunk, so that a sum is still in the cache when the next one is added to it.
    for (let chunk = 0; chunk < chunkCount(end - start); chunk++) {
      const part = chunkAt(chunk, end - start);
      sumBelow(
        topOf(lanes),
        lanes,
        (node) =>
          contributions.get(nodeNumber(node))?.subarray(start + part.start, start + part.end),
        (left, right) => {
          this.#arithmetic.add(left, right);
          return left;
        },
      );
    }
    return (firstOf(contributions) as Float32Array).subarray(start, end);
  }

  async allReduce(
    tag: Tag,
    contributions: Contributions,
    slices: readonly Slice[],
    into: Float32Array,
  ): Promise<void> {
    const slice = slices[0] as Slice;
    const sum = await this.reduceScatter(tag, contributions, slices);
    if (sum.buffer !== into.buffer || sum.byteOffset !== into.byteOffset + slice.start * 4) {
      this.#arithmetic.copy(into.subarray(slice.start, slice.end), sum);
    }
  }

  abort(): void {}

  close(): void {}

  waited(): Millis {
    return millis(0);
  }
}
