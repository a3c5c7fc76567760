/** The catalogue as the model sees it: items whose texts read the same are one. */
import { firstOfText, type ItemTokens } from '../../shared/plan/same-texts.js';
import type { ItemGroups } from './catalogue-rank.js';

export interface TextGroups extends ItemGroups {
  /** The first item of each group, in the order of their numbers. [groups] */
  readonly representatives: Int32Array;
}

export function textGroups(texts: ItemTokens, maxTextLength: number): TextGroups {
  const first = firstOfText(texts, maxTextLength);
  const representatives = first.filter((representative, item) => representative === item);
  const groupOf = new Int32Array(first.length);
  representatives.forEach((item, group) => {
    groupOf[item] = group;
  });
  const sizes = new Int32Array(representatives.length);
  first.forEach((representative, item) => {
    const group = groupOf[representative] as number;
    groupOf[item] = group;
    sizes[group] = (sizes[group] as number) + 1;
  });
  return { groupOf, sizes, representatives };
}
