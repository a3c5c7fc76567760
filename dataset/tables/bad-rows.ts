/** What happens to rows that cannot be used: the first one ends the import, or each is counted. */
import { type BadRowReason, type DatasetError, rowError } from '../dataset-error.js';

export type OnBadRow = 'error' | 'skip';

/** How many rows were left out, by file role and reason; reasons without rows are absent. */
export type SkippedRows = Readonly<Partial<Record<BadRowReason, number>>>;

export class BadRows {
  readonly #policy: OnBadRow;
  readonly #file: string;
  readonly #counts = new Map<BadRowReason, number>();
  #first: DatasetError | null = null;

  constructor(policy: OnBadRow, file: string) {
    this.#policy = policy;
    this.#file = file;
  }

  /** @throws DatasetError unless bad rows are skipped */
  report(reason: BadRowReason, line: number, what: string): void {
    if (this.#policy === 'error') throw rowError(reason, this.#file, line, what);
    this.#first ??= rowError(reason, this.#file, line, what);
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
  }

  /** The message of the first bad row, so that a report can show an example. */
  get first(): string | null {
    return this.#first?.message ?? null;
  }

  get counts(): SkippedRows {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
