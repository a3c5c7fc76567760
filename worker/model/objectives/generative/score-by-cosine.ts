import type { ScoredTargets, UserTower } from '../objective.js';
import { logitScale } from './temperature.js';

/** The logit that a target would have as a positive: its scaled cosine with the prediction. [T] */
export function scoreByCosine(
  { histories, targets, embeddings_NH }: ScoredTargets,
  { llm, weights, layout, flat }: UserTower,
): Float32Array {
  const predictions_UH = llm.readLast(histories, embeddings_NH, weights);
  const scale = Math.exp(logitScale(layout, flat));
  const hidden = predictions_UH.length / (histories.offsets.length - 1);
  const row = (matrix: Float32Array, index: number): Float32Array =>
    matrix.subarray(index * hidden, (index + 1) * hidden);
  const scores = new Float32Array(targets.rows.length);
  for (let user = 0; user + 1 < targets.offsets.length; user++) {
    const prediction = row(predictions_UH, user);
    const [start, end] = targets.offsets.subarray(user, user + 2) as Uint32Array;
    for (let at = start as number; at < (end as number); at++) {
      scores[at] = scale * cosine(prediction, row(embeddings_NH, targets.rows[at] as number));
    }
  }
  return scores;
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array): number =>
    x.reduce((sum, value, index) => sum + value * (y[index] as number), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
