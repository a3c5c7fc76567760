/** What a pretrained model is, whatever its files say it in. */

/** Fields of one decoder in a job; what is left out is not there. */
export interface PretrainedDecoder {
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly headSize: number;
  readonly keyValueHeads: number;
  readonly intermediateSize: number;
  readonly normEps: number;
  readonly ropeTheta: number;
  readonly ropeScaling?: RopeScaling;
  /** Biases of queries, keys and values, or of the output too. */
  readonly attentionBias?: 'qkv' | 'qkvo';
  readonly queryKeyNorm?: true;
}

export type RopeScaling =
  | { readonly kind: 'linear'; readonly factor: number }
  | {
      readonly kind: 'llama3';
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalContext: number;
    };

export const families = ['llama', 'mistral', 'qwen2', 'qwen3'] as const;
export type Family = (typeof families)[number];

export interface PretrainedConfig {
  readonly family: Family;
  readonly decoder: PretrainedDecoder;
  /** Rows of the embedding table. */
  readonly vocabularySize: number;
  /** The table is also the output's; HLLM has no such output. */
  readonly tied: boolean;
  /** Positions that a token sees, its own included; null: all before it. */
  readonly window: number | null;
}
