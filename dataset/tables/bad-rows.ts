/** What happens to rows that cannot be used: the first one ends the import, or each is counted. */
import { type BadRowReason, DatasetError } from '../dataset-error.js';
import type { RowPlace } from './table-record.js';

export type OnBadRow = 'error' | 'skip';

/** Rows that were left out for one reason. */
export interface SkippedRow {
  readonly reason: BadRowReason;
  readonly rows: number;
  /** The message of the first of them, which names file and line. */
  readonly first: string;
}

export class BadRows {
  readonly #policy: OnBadRow;
  readonly #file: string;
  readonly #skipped = new Map<BadRowReason, { rows: number; first: string }>();

  constructor(policy: OnBadRow, file: string) {
    this.#policy = policy;
    this.#file = file;
  }

  /** @throws DatasetError unless bad rows are skipped */
  report(reason: BadRowReason, place: RowPlace, what: string): void {
    if (this.#policy === 'error') throw skippableError(reason, this.#file, place, what);
    const known = this.#skipped.get(reason);
    if (known !== undefined) known.rows++;
    else this.#skipped.set(reason, { rows: 1, first: rowMessage(this.#file, place, what) });
  }

  /** By reason, in a fixed order. */
  get skipped(): readonly SkippedRow[] {
    return [...this.#skipped]
      .map(([reason, { rows, first }]) => ({ reason, rows, first }))
      .sort((a, b) => (a.reason < b.reason ? -1 : 1));
  }
}

/** "Cannot read FILE, line N: what is: what should be". */
export const rowMessage = (file: string, { unit, line }: RowPlace, what: string): string =>
  `Cannot read ${file}, ${unit} ${line}: ${what}`;

/** One row is to blame, and the import may go on without it where that is asked for. */
function skippableError(
  reason: BadRowReason,
  file: string,
  place: RowPlace,
  what: string,
): DatasetError {
  const remedy = '(to leave out such rows and count them: --on-bad-row skip)';
  return new DatasetError(reason, `${rowMessage(file, place, what)} ${remedy}`, {
    file,
    line: place.line,
  });
}
