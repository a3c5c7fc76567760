/**
 * The embeddings of all items under an Item LLM that no longer moves, computed once. Members encode
 * blocks in turns, so that nobody waits for long, and everyone gathers all; a block is the same items
 * on any number of members, and so the same bits.
 *
 * Legend: D distinct texts, H hidden size, n items of a lane.
 */
import type { CatalogueTexts } from '../../../dataset/dataset.js';
import { rank, type Step } from '../../../shared/ids.js';
import type { Exchange } from '../../collective/exchange.js';
import { encodeBatch, itemsOfBatch } from '../../evaluation/encode-catalogue.js';
import { textGroups } from '../../evaluation/text-groups.js';
import { takeRows } from '../../model/autodiff/rows.js';
import type { Hllm, ItemEncoding } from '../../model/hllm.js';
import type { Blocks } from './block-folder.js';

export interface ItemCacheParts {
  readonly dataset: CatalogueTexts;
  /** Has its weights loaded. */
  readonly model: Hllm;
  readonly exchange: Exchange;
  /** Where blocks are kept; null keeps none. */
  readonly openFolder: () => Promise<Blocks | null>;
  /** Committed steps at which the stage began: tags the exchanges. */
  readonly step: Step;
  /** Awaited between blocks; `done` of `total` items have their embeddings. */
  readonly onProgress: (done: number, total: number) => Promise<void>;
}

export class ItemCache {
  readonly #parts: ItemCacheParts;
  /** Catalogue ids. [D] */
  readonly #representatives: Int32Array;
  readonly #groupOf: Int32Array;
  #filling: Promise<Float32Array> | null = null;
  #matrix_DH: Float32Array | null = null;

  constructor(parts: ItemCacheParts) {
    this.#parts = parts;
    const groups = textGroups(parts.dataset, parts.model.config.maxTextLength);
    this.#representatives = groups.representatives;
    this.#groupOf = groups.groupOf;
  }

  /** In the order of the distinct texts. All members ask at the same point of their work. [D * H] */
  async matrix(): Promise<Float32Array> {
    this.#filling ??= this.#fill();
    this.#matrix_DH = await this.#filling;
    return this.#matrix_DH;
  }

  /** A lane's items, by their catalogue ids; the matrix is there. [n * H] */
  encode(items: Int32Array): ItemEncoding {
    if (this.#matrix_DH === null)
      throw new Error('Cannot read item embeddings: none are cached yet');
    const rows = items.map((item) => this.#groupOf[item] as number);
    return {
      embeddings: takeRows(this.#matrix_DH, rows, this.#parts.model.hiddenSize),
      pullback: () => undefined,
      dispose: () => undefined,
    };
  }

  async #fill(): Promise<Float32Array> {
    const { exchange, model, onProgress, openFolder, step } = this.#parts;
    const items = this.#representatives.length;
    const hidden = model.hiddenSize;
    const matrix_DH = new Float32Array(new SharedArrayBuffer(items * hidden * 4));
    const folder = await openFolder();
    const blockOf = (block: number): Float32Array =>
      matrix_DH.subarray(block * itemsOfBatch * hidden, (block + 1) * itemsOfBatch * hidden);
    for (let first = 0, part = 0; first * itemsOfBatch < items; first += exchange.size, part++) {
      await onProgress(Math.min(items, first * itemsOfBatch), items);
      await this.#makeBlock(first + exchange.rank, matrix_DH, folder);
      const parts = Array.from({ length: exchange.size }, (_, index) =>
        blockOf(first + rank(index)),
      );
      await exchange.allGather({ step, phase: 'item-cache', part }, parts);
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
