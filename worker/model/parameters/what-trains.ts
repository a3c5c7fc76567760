/**
 * What of the model an update moves. Everything else is frozen: it has no gradient, no moments and,
 * where nothing below it trains, no backward. What belongs to the objective and to no tower
 * (`logit_scale`, prediction heads) always trains.
 */

/** The matrices of a decoder layer that can have an adapter. */
export const adapterTargets = ['q', 'k', 'v', 'o', 'gate', 'up', 'down'] as const;
export type AdapterTarget = (typeof adapterTargets)[number];

export type TowerTraining =
  | { readonly kind: 'all' }
  /**
   * Low-rank adapters (LoRA, arXiv:2106.09685): a target W [out, in] computes as W + alpha / rank B A
   * with A [rank, in] and B [out, rank]; only A and B train, and the [ITEM] token, which no pretrained
   * model has.
   */
  | {
      readonly kind: 'lora';
      readonly rank: number;
      readonly alpha: number;
      readonly targets: readonly AdapterTarget[];
    }
  /** The last decoder layers and the norm behind them. */
  | { readonly kind: 'last'; readonly layers: number }
  | { readonly kind: 'nothing' };

export interface WhatTrains {
  readonly item: TowerTraining;
  readonly user: TowerTraining;
}

export const everythingTrains: WhatTrains = { item: { kind: 'all' }, user: { kind: 'all' } };

export const isEverything = ({ item, user }: WhatTrains): boolean =>
  item.kind === 'all' && user.kind === 'all';

/** The names that decide; parameter-layout.ts gives all others. */
export const itemTokenName = 'item_emb_tokens';
/** A token that the user model reads and that belongs to the objective. */
export const userTokenName = 'user_emb_token';

/** Under the names of Hugging Face's PEFT, without its prefix of a wrapped model. */
export const adapterName = (weight: string, matrix: 'A' | 'B'): string =>
  weight.replace(/weight$/, `lora_${matrix}.weight`);

/** The matrix of an adapter; null for what is none. */
export const adapterMatrix = (name: string): 'A' | 'B' | null =>
  (/\.lora_([AB])\.weight$/.exec(name)?.[1] as 'A' | 'B' | undefined) ?? null;

const layerPattern = /^(item|user)_llm\.model\.layers\.(\d+)\./;

/** The tower that a parameter belongs to; null for the objective's. */
export function towerOf(name: string): keyof WhatTrains | null {
  if (name.startsWith('item_llm.') || name === itemTokenName) return 'item';
  return name.startsWith('user_llm.') ? 'user' : null;
}

/** @param layers decoder layers of each tower. */
export function isTrained(
  name: string,
  trains: WhatTrains,
  layers: Readonly<Record<keyof WhatTrains, number>>,
): boolean {
  const tower = towerOf(name);
  if (tower === null) return true;
  const training = trains[tower];
  switch (training.kind) {
    case 'all':
      return true;
    case 'nothing':
      return false;
    case 'lora':
      return adapterMatrix(name) !== null || name === itemTokenName;
    case 'last': {
      const layer = layerPattern.exec(name)?.[2];
      if (layer === undefined) return name === `${tower}_llm.model.norm.weight`;
      return Number(layer) >= layers[tower] - training.layers;
    }
  }
}
