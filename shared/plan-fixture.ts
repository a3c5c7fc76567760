/** Datasets and jobs for tests of the plan. */
import type { PlanDataset, PlanInput } from './plan-input.js';
import { Random } from './random.js';

export interface PlanJobOptions {
  readonly seed?: number;
  readonly lanes?: number;
  readonly maxLength?: number;
  readonly longer?: 'windows' | 'last';
  readonly sequences?: number;
  readonly negatives?: PlanInput['spec']['objective']['negatives'];
  readonly normalisation?: 'global' | 'lane';
}

export const planJob = (options: PlanJobOptions = {}): PlanInput => ({
  spec: {
    seed: options.seed ?? 1,
    lanes: options.lanes ?? 4,
    data: {
      sequences: { maxLength: options.maxLength ?? 50, longer: options.longer ?? 'windows' },
    },
    batch: { sequences: options.sequences ?? 64 },
    objective: {
      negatives: options.negatives ?? { perUser: 4 },
      normalisation: options.normalisation ?? 'global',
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
  return { digest: 'fixture', sequenceOffsets, sequenceItems, itemTokenOffsets };
}

/**
 * The shape of MovieLens-100K: 943 users with 20 to 737 ratings (106 on average, half of them have
 * fewer than 65), two of which are held out, and 1,682 films with 6 to 30 tokens.
 */
export function movieLensLike(): PlanDataset {
  const random = Random.for(100, 'movielens');
  const lengths = Array.from({ length: 943 }, () => {
    const ratings = Math.round(19 + Math.sqrt(1 / random.uniform() ** 1.7) * 10 * random.uniform());
    return Math.min(735, Math.max(18, ratings + Math.round(60 * Math.abs(random.normal()))));
  });
  return planDataset(lengths, 1682, (_, draws) => 6 + draws.below(25));
}
