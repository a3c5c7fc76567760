/**
 * Useful floating point operations of a training step, counted from shapes: what the step needs,
 * whatever an engine does beside it. A multiplication and the addition behind it are two. Counted
 * are the matrix products of both decoders, attention over pairs that the causal mask leaves, and
 * the products of the loss; norms, rotations, activations, lookups and AdamW are not, as usual.
 *
 * Legend: T rows, H hidden size, I intermediate size, Nq query heads, Nk key-value heads, D head
 * size, n items, R predictions, K negatives.
 */
import { type DecoderConfig, headSize, type ModelConfig } from './model-config.js';

export interface StepShapes {
  /** Rows of each distinct item's text, the [ITEM] row included. [n] */
  readonly textRows: readonly number[];
  /** Items of each sequence that predict the next: all but the last. */
  readonly historyRows: readonly number[];
  /** K */
  readonly negatives: number;
  /** Targets of each user, and how they meet the history; null where there are none. */
  readonly fusion: {
    readonly kind: 'early-fusion' | 'late-fusion';
    readonly targets: number;
  } | null;
}

/** Each product of the forward is followed by two: the gradients of its two operands. */
const forwardAndBackward = 3;

export function stepFlops(
  { item, user, itemEmbedding }: ModelConfig,
  { textRows, historyRows, negatives, fusion }: StepShapes,
): number {
  const readsLast = itemEmbedding === 'item-token';
  const decoders = decoderFlops(item, textRows, readsLast) + userFlops(user, historyRows, fusion);
  const logits = 2 * sum(historyRows) * negatives * user.hiddenSize;
  // Which negatives are false is a product of the same size, through which no gradient goes.
  return forwardAndBackward * (decoders + logits) + logits;
}

/** Of the forward: the decoder, and the prediction head of each target. */
function userFlops(
  config: DecoderConfig,
  historyRows: readonly number[],
  fusion: StepShapes['fusion'],
): number {
  if (fusion === null) return decoderFlops(config, historyRows, false);
  const { kind, targets } = fusion;
  const isEarly = kind === 'early-fusion';
  // The last item is read too; behind it stand the targets, each at the same place, or one token.
  const histories = historyRows.map((rows) => rows + (isEarly ? 1 : 2));
  const leaves = isEarly ? targets * histories.length : 0;
  const own = isEarly ? targets * sum(histories.map((rows) => rows + 1)) : 0;
  const behind = config.layers * layerFlops(config, { rows: leaves, queries: leaves, pairs: own });
  const { hiddenSize } = config;
  const head = hiddenSize * (isEarly ? hiddenSize : 2 * hiddenSize) + hiddenSize;
  return decoderFlops(config, histories, false) + behind + 2 * targets * histories.length * head;
}

/** Of the forward. @param readsLast whether only the last row of each sequence is read. */
function decoderFlops(
  config: DecoderConfig,
  lengths: readonly number[],
  readsLast: boolean,
): number {
  const rows = sum(lengths);
  const pairs = sum(lengths.map((length) => (length * (length + 1)) / 2));
  const layer = layerFlops(config, { rows, queries: rows, pairs });
  if (!readsLast) return config.layers * layer;
  // A last row sees its whole text, so its pairs are the rows.
  const last = layerFlops(config, { rows, queries: lengths.length, pairs: rows });
  return (config.layers - 1) * layer + last;
}

interface LayerWork {
  /** Rows with a key and a value. */
  readonly rows: number;
  /** Rows whose result is wanted. */
  readonly queries: number;
  /** Pairs of a query and a row that it sees. */
  readonly pairs: number;
}

function layerFlops(config: DecoderConfig, { rows, queries, pairs }: LayerWork): number {
  const { hiddenSize, intermediateSize, heads, keyValueHeads } = config;
  const ofQueries = heads * headSize(config);
  const ofKeys = keyValueHeads * headSize(config);
  const keysAndValues = 2 * rows * hiddenSize * 2 * ofKeys;
  const queriesAndOutput = 2 * queries * hiddenSize * 2 * ofQueries;
  const mlp = 2 * queries * hiddenSize * 3 * intermediateSize;
  const scoresAndMixture = 2 * pairs * 2 * ofQueries;
  return keysAndValues + queriesAndOutput + mlp + scoresAndMixture;
}

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);
