/**
 * From the tokens of packed texts to rows of the residual stream. An engine that has the lookup as
 * a kernel keeps the table on its device; for any other, rows are looked up and their gradients
 * added in the host: a step touches a few thousand rows of a table that would otherwise be uploaded
 * and downloaded whole. Both add in row order.
 *
 * Legend: V words, T rows, H hidden size.
 */
import {
  engine,
  gather,
  sum,
  type Tensor,
  type Tensor2D,
  tensor,
  tensor1d,
  tensor2d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { hasKernel } from '../autodiff/has-kernel.js';
import { addRow } from '../autodiff/rows.js';
import type { ModelConfig } from '../model-config.js';
import {
  itemTokenName,
  type ParameterLayout,
  tokenEmbeddingName,
} from '../parameters/parameter-layout.js';
import type { GradientWriter } from '../parameters/parameters.js';
import { itemToken } from './packed-items.js';

/** The table on the engine's device. */
export interface TokenTable {
  /** [V, H] */
  readonly words: Tensor;
  /** [H]; zeros where the model has no [ITEM] token. */
  readonly item: Tensor;
}

const fusedEmbedding = 'LockstepEmbed';
const fusedEmbeddingGradient = 'LockstepEmbedGrad';

export class TokenEmbedding {
  readonly #layout: ParameterLayout;
  readonly #vocabulary: number;
  readonly #hidden: number;

  constructor(config: ModelConfig, layout: ParameterLayout) {
    this.#layout = layout;
    this.#vocabulary = config.vocabularySize;
    this.#hidden = config.item.hiddenSize;
  }

  /**
   * The table for `embed`; null where the engine leaves lookups to the host.
   *
   * @param before of the same vector before an update: what does not train is taken from it
   */
  load(flat: Float32Array, before: TokenTable | null): TokenTable | null {
    if (!hasKernel(fusedEmbedding)) return null;
    const keep = (name: string): TokenTable | null =>
      this.#layout.isTrained(name) ? null : before;
    return {
      words: keep(tokenEmbeddingName)?.words ?? this.#words(flat),
      item: keep(itemTokenName)?.item ?? this.#item(flat),
    };
  }

  #words(flat: Float32Array): Tensor {
    const words = this.#layout.view(flat, tokenEmbeddingName);
    return tensor(words, [this.#vocabulary, this.#hidden], 'float32');
  }

  #item(flat: Float32Array): Tensor {
    if (!this.#layout.has(itemTokenName)) return zeros([this.#hidden]);
    return tensor(this.#layout.view(flat, itemTokenName), [this.#hidden], 'float32');
  }

  /** -> [T, H] */
  embed(tokens_T: Int32Array, flat: Float32Array, table: TokenTable | null): Tensor2D {
    if (table === null) return this.#lookUp(tokens_T, flat);
    const tokens = tensor1d(tokens_T, 'int32');
    const inputs = { words: table.words, item: table.item, tokens };
    const x = engine().runKernel(fusedEmbedding, inputs) as Tensor2D;
    tokens.dispose();
    return x;
  }

  /** Writes the table's part of the flat `gradient`. @param dx [T, H] */
  pullback(
    tokens_T: Int32Array,
    dx: Tensor2D,
    gradient: Float32Array,
    writer: GradientWriter,
  ): void {
    if (!this.#layout.isTrained(tokenEmbeddingName)) {
      if (this.#layout.isTrained(itemTokenName)) writer.add(itemTokenName, itemSum(tokens_T, dx));
      return;
    }
    if (!hasKernel(fusedEmbeddingGradient)) {
      this.#addInHost(tokens_T, dx.dataSync<'float32'>(), gradient);
      return;
    }
    const tokens = tensor1d(tokens_T, 'int32');
    const attributes = { words: this.#vocabulary };
    const [dWords, dItem] = engine().runKernel(
      fusedEmbeddingGradient,
      { dx, tokens },
      attributes,
    ) as [Tensor, Tensor];
    tokens.dispose();
    writer.add(tokenEmbeddingName, dWords);
    if (this.#layout.has(itemTokenName)) writer.add(itemTokenName, dItem);
    else dItem.dispose();
  }

  #lookUp(tokens_T: Int32Array, flat: Float32Array): Tensor2D {
    const x = new Float32Array(tokens_T.length * this.#hidden);
    tokens_T.forEach((token, row) => {
      const start = this.#offset(token);
      x.set(flat.subarray(start, start + this.#hidden), row * this.#hidden);
    });
    return tensor2d(x, [tokens_T.length, this.#hidden]);
  }

  #addInHost(tokens_T: Int32Array, dx: Float32Array, gradient: Float32Array): void {
    this.#layout.view(gradient, tokenEmbeddingName).fill(0);
    if (this.#layout.has(itemTokenName)) this.#layout.view(gradient, itemTokenName).fill(0);
    tokens_T.forEach((token, row) => {
      addRow(gradient, this.#offset(token), dx, row * this.#hidden, this.#hidden);
    });
  }

  /** Where a token's vector begins in the flat parameters. */
  #offset(token: number): number {
    if (token === itemToken) return this.#layout.entry(itemTokenName).offset;
    return this.#layout.entry(tokenEmbeddingName).offset + token * this.#hidden;
  }
}

/** The gradient of the [ITEM] token alone, where the words are frozen. -> [H] */
function itemSum(tokens_T: Int32Array, dx: Tensor2D): Tensor {
  const rows = [...tokens_T.keys()].filter((row) => tokens_T[row] === itemToken);
  return tidy(() => sum(gather(dx, tensor1d(rows, 'int32')), 0));
}
