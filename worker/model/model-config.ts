import type { ObjectiveConfig } from './objectives/objective-config.js';

/** One decoder: Llama's, with what Mistral, Qwen2 and Qwen3 change in its attention. */
export interface DecoderConfig {
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  /** A divisor of `heads`: that many query heads share a key and a value head. */
  readonly keyValueHeads: number;
  readonly intermediateSize: number;
  readonly normEps: number;
  readonly ropeTheta: number;
  /** D, even; `hiddenSize` / `heads` where it is left out. */
  readonly headSize?: number | undefined;
  /** Biases of queries, keys and values (Qwen2), or of the output too; none where it is left out. */
  readonly attentionBias?: 'qkv' | 'qkvo' | undefined;
  /** RMSNorm over each head of queries and keys before they are rotated (Qwen3). */
  readonly queryKeyNorm?: boolean | undefined;
  readonly ropeScaling?: RopeScaling | undefined;
}

/** How the angles of a decoder that was pretrained on short texts are stretched over longer ones. */
export type RopeScaling =
  /** All frequencies are divided by the factor: positions are interpolated. */
  | { readonly kind: 'linear'; readonly factor: number }
  /** Llama 3.1: only low frequencies are, with a smooth passage to the high ones. */
  | {
      readonly kind: 'llama3';
      readonly factor: number;
      /** Wavelengths over originalContext / lowFrequencyFactor are divided wholly. */
      readonly lowFrequencyFactor: number;
      /** Wavelengths under originalContext / highFrequencyFactor stay. */
      readonly highFrequencyFactor: number;
      /** Positions of the pretraining before it was stretched. */
      readonly originalContext: number;
    };

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
  /** What the user model is trained for. */
  readonly objective: ObjectiveConfig;
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

export const headSize = (config: DecoderConfig): number =>
  config.headSize ?? config.hiddenSize / config.heads;
