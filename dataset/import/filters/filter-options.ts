/** The filters that an import can be asked for, in the order in which they are applied. */
import { DatasetError } from '../../dataset-error.js';

/** Of several interactions of one user with one item: which one stays. */
export type Deduplicate = 'first' | 'last';

export interface FilterOptions {
  /** Interactions with a lower rating are left out. */
  readonly minimumRating?: number;
  readonly deduplicate?: Deduplicate;
  /** Users with fewer interactions are left out, and items likewise, until neither is left. */
  readonly minimumUserInteractions?: number;
  readonly minimumItemInteractions?: number;
}

export interface Removed {
  readonly rows: number;
  readonly users: number;
  readonly items: number;
}

export type FilterName = 'min-rating' | 'deduplicate' | 'min-interactions';

/** What a filter was told, and what it has taken away; the manifest keeps it. */
export interface AppliedFilter {
  readonly filter: FilterName;
  /** By the names of the command line's options. */
  readonly options: Readonly<Record<string, number | string>>;
  readonly removed: Removed;
}

/** @throws DatasetError */
export function checkFilters(filters: FilterOptions): FilterOptions {
  const { minimumRating, minimumUserInteractions, minimumItemInteractions } = filters;
  if (minimumRating !== undefined && !Number.isFinite(minimumRating)) {
    throw badOption('--min-rating', minimumRating, 'a number');
  }
  for (const [option, value] of [
    ['--min-user-interactions', minimumUserInteractions],
    ['--min-item-interactions', minimumItemInteractions],
  ] as const) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
      throw badOption(option, value, 'a whole number of at least 1');
    }
  }
  return filters;
}

const badOption = (option: string, value: unknown, rule: string): DatasetError =>
  new DatasetError('BAD_OPTION', `Cannot import: ${option} is ${value}: it should be ${rule}`);

/** "--min-rating 4 removed 10 rows, 2 users, 1 items". */
export function filterText({ options, removed }: AppliedFilter): string {
  const given = Object.entries(options).map(([option, value]) => `--${option} ${value}`);
  const { rows, users, items } = removed;
  return `${given.join(' ')} removed ${rows} interactions, ${users} users, ${items} items`;
}
