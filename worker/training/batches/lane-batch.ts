import type { CatalogueTexts } from '../../../dataset/dataset.js';
import type { LanePlan } from '../../../shared/plan/lane-plan.js';
import { type ItemFormat, type PackedItems, packItems } from '../../model/items/packed-items.js';
import { itemTexts } from './item-texts.js';

/** What a lane of a step computes on: its plan, and the texts of the items that it encodes. */
export interface LaneBatch {
  readonly plan: LanePlan;
  readonly items: PackedItems;
}

export function assembleBatch(
  plan: LanePlan,
  catalogue: CatalogueTexts,
  format: ItemFormat,
): LaneBatch {
  const texts = itemTexts(catalogue, plan.items, format.maxTextLength);
  return { plan, items: packItems(texts, format) };
}
