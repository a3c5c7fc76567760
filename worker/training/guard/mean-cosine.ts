/**
 * How much the items of a step look the same to the model. Where all embeddings move together, the mean
 * cosine of two of them goes to 1, and no prediction can tell items apart.
 */
import { cosineRows } from './limits.js';

/**
 * The mean cosine over all pairs of different rows of a matrix; 0 where there are none.
 *
 * With unit rows u_i, sum_{i != j} u_i . u_j = |sum u_i|^2 - n, so that it costs one pass and no pair is
 * ever formed. All sums are in double precision and in the order of the rows, so whoever holds the same
 * matrix gets the same bits. Of a matrix of more than `most` rows, evenly spaced ones count.
 *
 * @param matrix_NH N rows of H floats. A row of zeros has no direction: its cosines are 0.
 */
export function meanCosine(matrix_NH: Float32Array, hidden: number, most = cosineRows): number {
  const rows = matrix_NH.length / hidden;
  const count = Math.min(rows, most);
  if (count < 2) return 0;
  const sum_H = new Float64Array(hidden);
  let units = 0;
  for (let index = 0; index < count; index++) {
    const begin = Math.floor((index * rows) / count) * hidden;
    const length = lengthOf(matrix_NH, begin, hidden);
    if (length === 0) continue;
    units++;
    for (let at = 0; at < hidden; at++) {
      sum_H[at] = (sum_H[at] as number) + (matrix_NH[begin + at] as number) / length;
    }
  }
  const square = sum_H.reduce((sum, value) => sum + value * value, 0);
  // Rounding must not make items more alike than the same, or more opposed than they can be.
  return Math.min(1, Math.max(-1, (square - units) / (count * (count - 1))));
}

function lengthOf(matrix_NH: Float32Array, begin: number, hidden: number): number {
  let square = 0;
  for (let at = begin; at < begin + hidden; at++) {
    square += (matrix_NH[at] as number) ** 2;
  }
  return Math.sqrt(square);
}
