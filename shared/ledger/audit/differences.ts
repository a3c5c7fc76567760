/** What an audit has found wrong: all of it counted, the first of it kept. */

/** Lines that anyone reads; a ledger of another dataset differs in every one of its steps. */
const keptMax = 100;

export interface Difference {
  /** Stable, for machines. */
  readonly kind:
    | 'unreadable'
    | 'owner'
    | 'order'
    | 'epoch'
    | 'members'
    | 'lanes'
    | 'digest'
    | 'foreign-user'
    | 'user-again'
    | 'user-missing'
    | 'trained-again'
    | 'plan'
    | 'state'
    | 'steps'
    | 'dataset'
    | 'checkpoint'
    | 'result';
  /** Null where it is of no step. */
  readonly step: number | null;
  readonly text: string;
}

export class Differences {
  readonly #kept: Difference[] = [];
  #count = 0;

  /** The first `keptMax` of them. */
  get kept(): readonly Difference[] {
    return this.#kept;
  }

  get count(): number {
    return this.#count;
  }

  add(kind: Difference['kind'], step: number | null, text: string): void {
    this.#count++;
    if (this.#kept.length < keptMax) this.#kept.push({ kind, step, text });
  }
}

/** `3 users (rows 7, 9, 12)`; the first few of many. */
export function usersText(users: readonly number[], count: number = users.length): string {
  const named = users.slice(0, 5).join(', ');
  const rows = count > 5 ? `${named}, ...` : named;
  return count === 1 ? `the user of row ${rows}` : `${count} users (rows ${rows})`;
}
