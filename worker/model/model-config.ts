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
  /** A negative whose cosine with the positive exceeds this is not held against the model. */
  readonly falseNegativeThreshold: number;
}

export const headSize = (config: DecoderConfig): number => config.hiddenSize / config.heads;
