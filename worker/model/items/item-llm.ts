/**
 * From the tokens of an item's text to its embedding.
 *
 * Legend: n items, T rows of all texts ([ITEM] tokens included), H hidden size.
 */
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { Decoder, type WantedGradients } from '../decoder/decoder.js';
import type { RowsOut } from '../decoder/decoder-layer.js';
import type { PackedLayout } from '../decoder/packed-layout.js';
import type { Computation, ModelConfig } from '../model-config.js';
import {
  finalNormName,
  itemTokenName,
  layerParameterName,
  type ParameterLayout,
  tokenEmbeddingName,
} from '../parameters/parameter-layout.js';
import { type DecoderWeights, GradientWriter } from '../parameters/parameters.js';
import { type Readout, readMeans, readRows } from './item-readout.js';
import type { PackedItems } from './packed-items.js';
import { TokenEmbedding, type TokenTable } from './token-embedding.js';

/** Embeddings whose backward is still to come: it runs once, and `dispose` frees what is left. */
export interface ItemEncoding {
  /** [n * H] */
  readonly embeddings: Float32Array;
  /** Writes the whole item section of the flat `gradient`. @param dEmbeddings [n * H] */
  pullback(dEmbeddings: Float32Array, gradient: Float32Array): void;
  dispose(): void;
}

export interface ItemWeights extends DecoderWeights {
  readonly tokens: TokenTable | null;
}

export class ItemLlm {
  readonly #config: ModelConfig;
  readonly #layout: ParameterLayout;
  readonly #computation: Computation;
  readonly #decoder: Decoder;
  readonly #tokens: TokenEmbedding;
  readonly #wanted: WantedGradients;

  constructor(config: ModelConfig, layout: ParameterLayout, computation: Computation) {
    this.#config = config;
    this.#layout = layout;
    this.#computation = computation;
    this.#decoder = new Decoder(config.item, computation);
    this.#tokens = new TokenEmbedding(config, layout);
    this.#wanted = {
      input: layout.isTrained(tokenEmbeddingName) || layout.isTrained(itemTokenName),
      parameter: (layer, parameter) =>
        layout.wantsGradient(layerParameterName('item_llm', layer, parameter)),
    };
  }

  /** The part of the weights that `decoderWeights` does not hold. */
  loadTokens(flat: Float32Array, before: TokenTable | null): TokenTable | null {
    return this.#tokens.load(flat, before);
  }

  encode(items: PackedItems, flat: Float32Array, weights: ItemWeights): ItemEncoding {
    if (!this.#layout.trainsTower('item')) return frozen(this.embed(items, flat, weights));
    if (this.#computation.activations !== 'lane') return this.#encode(items, flat, weights);
    return {
      embeddings: this.embed(items, flat, weights),
      dispose: () => undefined,
      pullback: (dEmbeddings, gradient) =>
        this.#encode(items, flat, weights).pullback(dEmbeddings, gradient),
    };
  }

  #encode(rows: PackedItems, flat: Float32Array, weights: ItemWeights): ItemEncoding {
    if (rows.layout.rows === 0) return this.#nothing();
    const x = this.#tokens.embed(rows.tokens, flat, weights.tokens);
    const pass = this.#decoder.run(
      x,
      weights.layers,
      rows.layout,
      rows.positions,
      this.#rowsRead,
      this.#wanted,
    );
    const readout = this.#readout(pass.y, weights.finalNorm, rows.layout);
    return {
      embeddings: readout.embeddings,
      dispose: () => {
        readout.dispose();
        pass.dispose();
      },
      pullback: (dEmbeddings, gradient) => {
        const { dStates, dNorm } = readout.pullback(dEmbeddings);
        const writer = new GradientWriter(this.#layout, weights);
        writer.add(finalNormName('item_llm'), dNorm);
        const dx = pass.pullback(dStates, (layer, parameter, value) => {
          const name = layerParameterName('item_llm', layer, parameter);
          writer.add(name, value);
        });
        if (dx !== null) this.#tokens.pullback(rows.tokens, dx, gradient, writer);
        writer.write(gradient);
        dStates.dispose();
        dx?.dispose();
      },
    };
  }

  /** Embeddings without a backward. [n * H] */
  embed(items: PackedItems, flat: Float32Array, weights: ItemWeights): Float32Array {
    const { tokens, positions, layout } = items;
    if (layout.rows === 0) return new Float32Array(0);
    const x = this.#tokens.embed(tokens, flat, weights.tokens);
    const states = this.#decoder.read(x, weights.layers, layout, positions, this.#rowsRead);
    const readout = this.#readout(states, weights.finalNorm, layout);
    readout.dispose();
    states.dispose();
    return readout.embeddings;
  }

  get #rowsRead(): RowsOut {
    return this.#config.itemEmbedding === 'mean' ? 'all' : 'last';
  }

  #nothing(): ItemEncoding {
    const { start, end } = this.#layout.sections.item;
    return {
      embeddings: new Float32Array(0),
      pullback: (_, gradient) => gradient.fill(0, start, end),
      dispose: () => undefined,
    };
  }

  #readout(states: Tensor2D, finalNorm: Tensor, layout: PackedLayout): Readout {
    const { item, itemEmbedding } = this.#config;
    return itemEmbedding === 'mean'
      ? readMeans(states, finalNorm, layout, item.normEps)
      : readRows(states, finalNorm, item.normEps);
  }
}

/** What does not train has no backward. */
const frozen = (embeddings: Float32Array): ItemEncoding => ({
  embeddings,
  pullback: () => undefined,
  dispose: () => undefined,
});
