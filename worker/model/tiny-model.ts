import type { ModelConfig } from './model-config.js';

/** For tests: every feature of the model at sizes that any engine computes in milliseconds. */
export const tinyModel: ModelConfig = {
  item: {
    hiddenSize: 8,
    layers: 2,
    heads: 2,
    keyValueHeads: 1,
    intermediateSize: 12,
    normEps: 1e-5,
    ropeTheta: 10000,
  },
  user: {
    hiddenSize: 8,
    layers: 1,
    heads: 4,
    keyValueHeads: 2,
    intermediateSize: 10,
    normEps: 1e-5,
    ropeTheta: 10000,
  },
  vocabularySize: 23,
  itemEmbedding: 'item-token',
  maxTextLength: 6,
  falseNegatives: { kind: 'cosine', threshold: 0.99 },
  objective: { kind: 'generative' },
};
