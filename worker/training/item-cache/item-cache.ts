/**
 * The embeddings of all items under an Item LLM that no longer moves, computed once. Members encode
 * blocks in turns, so that nobody waits for long, and everyone gathers all; a block is the same items
 * on any number of members, and so the same bits.
 *
 * Legend: D distinct texts, H hidden size, n items of a lane.
 */
import type { CatalogueTexts } from '../../../dataset/dataset.js';
import { type Rank, rank } from '../../../shared/ids.js';
import type { Exchange } from '../../collective/exchange.js';
import type { Tag } from '../../collective/tag.js';
import { tellAll } from '../../collective/tell-all.js';
import { encodeBatch, itemsOfBatch } from '../../evaluation/encode-catalogue.js';
import { textGroups } from '../../evaluation/text-groups.js';
import { takeRows } from '../../model/autodiff/rows.js';
import type { Hllm, ItemEncoding } from '../../model/hllm.js';
import type { Blocks } from './block-folder.js';

export interface ItemCacheParts {
  readonly dataset: CatalogueTexts;
  /** Has its weights loaded. */
  readonly model: Hllm;
  /** Where blocks are kept; null keeps none. */
  readonly openFolder: () => Promise<Blocks | null>;
  /** Awaited between blocks; `done` of `total` items have their embeddings. */
  readonly onProgress: (done: number, total: number) => Promise<void>;
}

export class ItemCache {
  readonly #parts: ItemCacheParts;
  /** Catalogue ids. [D] */
  readonly #representatives: Int32Array;
  readonly #groupOf: Int32Array;
  #matrix_DH: Float32Array | null = null;

  constructor(parts: ItemCacheParts) {
    this.#parts = parts;
    const groups = textGroups(parts.dataset, parts.model.config.maxTextLength);
    this.#representatives = groups.representatives;
    this.#groupOf = groups.groupOf;
  }

  /** In the order of the distinct texts, once they are there. [D * H] */
  async matrix(): Promise<Float32Array> {
    return this.#filled();
  }

  /**
   * Makes sure that every member has the matrix; all of them ask at the same point of their work. Those
   * that have it give it to the others; where nobody has it, everyone computes a share.
   *
   * @param nextTag the same tags in the same order at every member
   */
  async fill(exchange: Exchange, nextTag: () => Tag): Promise<void> {
    const told = await tellAll(exchange, nextTag(), [this.#matrix_DH === null ? 0 : 1]);
    const has = told.map(([flag]) => flag === 1);
    if (has.every(Boolean)) return;
    const ranks = has.map((_, member) => rank(member));
    const makers = has.some(Boolean) ? ranks.filter((member) => has[member]) : ranks;
    this.#matrix_DH = await this.#fill(exchange, makers, nextTag);
  }

  /** A lane's items, by their catalogue ids; the matrix is there. [n * H] */
  encode(items: Int32Array): ItemEncoding {
    const rows = items.map((item) => this.#groupOf[item] as number);
    return {
      embeddings: takeRows(this.#filled(), rows, this.#parts.model.hiddenSize),
      pullback: () => undefined,
      dispose: () => undefined,
    };
  }

  #filled(): Float32Array {
    if (this.#matrix_DH !== null) return this.#matrix_DH;
    throw new Error('Cannot read item embeddings: none are cached yet');
  }

  /** @param makers who makes the blocks, in turns; the others take them */
  async #fill(
    exchange: Exchange,
    makers: readonly Rank[],
    nextTag: () => Tag,
  ): Promise<Float32Array> {
    const { model, onProgress, openFolder } = this.#parts;
    const items = this.#representatives.length;
    const hidden = model.hiddenSize;
    const kept = this.#matrix_DH;
    const matrix_DH = kept ?? new Float32Array(new SharedArrayBuffer(items * hidden * 4));
    const folder = kept === null ? await openFolder() : null;
    const blockOf = (block: number): Float32Array =>
      matrix_DH.subarray(block * itemsOfBatch * hidden, (block + 1) * itemsOfBatch * hidden);
    const mine = makers.indexOf(exchange.rank);
    for (let first = 0; first * itemsOfBatch < items; first += makers.length) {
      await onProgress(Math.min(items, first * itemsOfBatch), items);
      if (kept === null && mine >= 0) await this.#makeBlock(first + mine, matrix_DH, folder);
      const parts = Array.from({ length: exchange.size }, () => matrix_DH.subarray(0, 0));
      makers.forEach((member, turn) => {
        parts[member] = blockOf(first + turn);
      });
      await exchange.allGather(nextTag(), parts);
    }
    await onProgress(items, items);
    return matrix_DH;
  }

  /** Reads it where it is, computes it where it is not; there may be no such block. */
  async #makeBlock(block: number, matrix_DH: Float32Array, folder: Blocks | null): Promise<void> {
    const { dataset, model } = this.#parts;
    const items = this.#representatives;
    const [first, last] = [
      block * itemsOfBatch,
      Math.min(items.length, (block + 1) * itemsOfBatch),
    ];
    if (first >= last) return;
    const values = matrix_DH.subarray(first * model.hiddenSize, last * model.hiddenSize);
    if ((await folder?.read(block, values)) === true) return;
    encodeBatch({ dataset, model }, items, [first, last], matrix_DH);
    await folder?.write(block, values);
  }
}
