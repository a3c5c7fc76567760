/**
 * Labels ride in the upper bits of item numbers while interactions are put in order, so that sorting
 * moves both at once and needs no memory of its own for them.
 */
import { unlabelled } from '../../shared/plan/plan-input.js';

/** Some 500 million: what is left of a positive Int32 beside two bits of label. */
export const mostLabelledItems = 2 ** 29;

const noLabel = 2;

export const packLabel = (item: number, label: number): number =>
  item | ((label === unlabelled ? noLabel : label) << 29);

/** Takes the labels off again, in place. */
export function unpackLabels(items: Int32Array): Uint8Array {
  const labels = new Uint8Array(items.length);
  for (let at = 0; at < items.length; at++) {
    const packed = items[at]!;
    const label = packed >>> 29;
    labels[at] = label === noLabel ? unlabelled : label;
    items[at] = packed & (mostLabelledItems - 1);
  }
  return labels;
}
