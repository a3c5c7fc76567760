/** Datasets and jobs for tests of the plan. */

import { Random } from '../random.js';
import { type PlanDataset, type PlanInput, type PlanObjective, unlabelled } from './plan-input.js';

export interface PlanJobOptions {
  readonly seed?: number;
  readonly lanes?: number;
  readonly maxLength?: number;
  readonly longer?: 'windows' | 'last';
  readonly sequences?: number;
  readonly maxTextLength?: number;
  readonly negatives?: PlanInput['spec']['objective']['negatives'];
  readonly normalisation?: 'global' | 'lane';
  readonly targets?: PlanObjective['targets'];
}

export const planJob = (options: PlanJobOptions = {}): PlanInput => ({
  spec: {
    seed: options.seed ?? 1,
    lanes: options.lanes ?? 4,
    data: {
      sequences: { maxLength: options.maxLength ?? 50, longer: options.longer ?? 'windows' },
    },
    model: { maxTextLength: options.maxTextLength ?? 64 },
    batch: { sequences: options.sequences ?? 64 },
    objective: {
      negatives: options.negatives ?? { perUser: 4 },
      normalisation: options.normalisation ?? 'global',
      ...(options.targets && { targets: options.targets }),
    },
  },
});

/** Histories of the given lengths over `items` items, popular ones more often; seeded. */
export function planDataset(
  lengths: readonly number[],
  items: number,
  tokensOf: (item: number, random: Random) => number = (_, random) => 4 + random.below(20),
): PlanDataset {
  const random = Random.for(1, 'plan fixture');
  const sequenceOffsets = new Uint32Array(lengths.length + 1);
  for (const [user, length] of lengths.entries()) {
    sequenceOffsets[user + 1] = (sequenceOffsets[user] ?? 0) + length;
  }
  const total = sequenceOffsets[lengths.length] ?? 0;
  const sequenceItems = new Int32Array(total);
  for (let at = 0; at < total; at++) sequenceItems[at] = Math.floor(items * random.uniform() ** 2);
  const itemTokenOffsets = new Uint32Array(items + 1);
  for (let item = 0; item < items; item++) {
    itemTokenOffsets[item + 1] = (itemTokenOffsets[item] ?? 0) + tokensOf(item, random);
  }
  const itemTokens = distinctTokens(itemTokenOffsets);
  return {
    digest: 'fixture',
    sequenceOffsets,
    sequenceItems,
    sequenceLabels: anyLabels(total),
    itemTokenOffsets,
    itemTokens,
  };
}

/** A fifth has none. */
const anyLabels = (count: number): Uint8Array => {
  const random = Random.for(1, 'label fixture');
  return Uint8Array.from({ length: count }, () =>
    random.below(5) === 0 ? unlabelled : random.below(2),
  );
};

/** Texts of the given lengths, no two of which share a token. */
export const distinctTokens = (itemTokenOffsets: Uint32Array): Int32Array =>
  Int32Array.from({ length: itemTokenOffsets.at(-1) ?? 0 }, (_, at) => at);

/**
 * The shape of MovieLens-100K without what is held out: 943 users with 18 to 735 ratings, 104 on
 * average and half of them below 63, and 1,682 films with 6 to 30 tokens.
 */
export function movieLensLike(): PlanDataset {
  const random = Random.for(100, 'movielens');
  const lengths = Array.from({ length: 943 }, () => {
    // A log-logistic tail, by square roots only, so that every machine gets the same lengths.
    const odds = Math.sqrt(1 / (1 - random.uniform()) - 1);
    return Math.min(735, 18 + Math.round(45 * odds * Math.sqrt(odds)));
  });
  return planDataset(lengths, 1682, (_, draws) => 6 + draws.below(25));
}
