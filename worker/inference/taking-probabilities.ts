/**
 * How likely a user takes each of some items: the logits of an objective that reads labels, through a
 * sigmoid.
 *
 * Legend: D distinct texts, T texts asked for.
 */
import type { Catalogue } from './catalogue.js';
import type { TrainedModel } from './trained-model.js';

/** Bound of one pass: each text is a row of the user model, behind the history's. */
const textsOfPass = 2048;

/**
 * @param history item numbers, one at least; the newest `maxLength` of the job are read
 * @param texts rows of the catalogue. [T]
 * @returns one for each of the texts. [T]
 */
export function takingProbabilities(
  { job, model }: TrainedModel,
  { embeddings_DH, groups }: Catalogue,
  history: Int32Array,
  texts: Int32Array,
): Float32Array {
  const newest = history.subarray(-job.spec.data.sequences.maxLength);
  const rows = newest.map((item) => groups.groupOf[item] as number);
  const histories = { offsets: Int32Array.of(0, rows.length), rows };
  const probabilities = new Float32Array(texts.length);
  for (let at = 0; at < texts.length; at += textsOfPass) {
    const part = texts.subarray(at, at + textsOfPass);
    const targets = { offsets: Int32Array.of(0, part.length), rows: part };
    const logits = model.scoreTargets(histories, targets, embeddings_DH);
    probabilities.set(logits.map(sigmoid), at);
  }
  return probabilities;
}

const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));
