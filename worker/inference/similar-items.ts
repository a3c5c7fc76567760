/** Which items an Item LLM takes for the nearest to one, by the cosine of their embeddings. */
import type { Catalogue } from './catalogue.js';
import { type ScoredItem, topItems } from './top-items.js';

/**
 * The nearest first; the item itself is left out, others of the same text are not.
 *
 * @param hidden floats of an embedding
 * @param item its number
 */
export function similarItems(
  { embeddings_DH, groups }: Catalogue,
  hidden: number,
  item: number,
  top: number,
): ScoredItem[] {
  const row = (group: number): Float32Array =>
    embeddings_DH.subarray(group * hidden, (group + 1) * hidden);
  const own = row(groups.groupOf[item] as number);
  const length = Math.sqrt(dot(own, own));
  const cosines = Float64Array.from(groups.sizes, (_, group) => {
    const other = row(group);
    return dot(own, other) / (length * Math.sqrt(dot(other, other)));
  });
  return topItems(cosines, groups.groupOf, top, (other) => other === item);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}
