/** The shapes of one Llama decoder. */
export interface DecoderConfig {
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  /** A divisor of `heads`: that many query heads share a key and a value head. */
  readonly keyValueHeads: number;
  readonly intermediateSize: number;
  readonly normEps: number;
  readonly ropeTheta: number;
}

export interface ModelConfig {
  /** Reads the text of an item. */
  readonly item: DecoderConfig;
  /** Reads a sequence of item embeddings; its hidden size is the Item LLM's. */
  readonly user: DecoderConfig;
  readonly vocabularySize: number;
  /** The embedding is the state of an [ITEM] token behind the text, or the mean over the text. */
  readonly itemEmbedding: 'item-token' | 'mean';
  /** Tokens; the position of a text's end, whatever its length. */
  readonly maxTextLength: number;
  readonly falseNegatives: FalseNegatives;
}

/** Which negatives are not held against the model, because they are as right as the positive. */
export type FalseNegatives =
  /** Those of the positive's row: the same item, or one whose text reads the same. */
  | { readonly kind: 'rows' }
  /** Those whose cosine with the positive exceeds the threshold, as in the reference. */
  | { readonly kind: 'cosine'; readonly threshold: number }
  | { readonly kind: 'none' };

/** How the arithmetic is done; two jobs that differ in it have different bits. */
export interface Computation {
  /** Of the layers' activations and matrix products; weights, sums over rows and the loss are f32. */
  readonly precision: 'f32' | 'bf16';
  /**
   * What waits for the backward: all activations (`keep`), each layer's input (`layer`; the layer runs
   * again), or nothing (`lane`; the Item LLM of a lane runs again). Does not change a bit.
   */
  readonly activations: 'keep' | 'layer' | 'lane';
}

export const plainComputation: Computation = { precision: 'f32', activations: 'keep' };

export const headSize = (config: DecoderConfig): number => config.hiddenSize / config.heads;
