/**
 * A history as a table: a row for each line with numbers, a column for each of their names. The columns
 * are known only when everything has been read, so it is read twice and never held.
 */
import type { HistoryLine } from '../../shared/history/history-line.js';
import { pointsOf } from '../../shared/history/line-points.js';

/** What came first is kept: a run that lasts adds lines, and perhaps columns, between the readings. */
export interface CsvShape {
  readonly tags: readonly string[];
  readonly rows: number;
}

const fixedColumns = ['committed_steps', 'time', 'stage'] as const;

export async function csvShape(lines: AsyncIterable<HistoryLine>): Promise<CsvShape> {
  const tags = new Set<string>();
  let rows = 0;
  for await (const line of lines) {
    const points = pointsOf(line);
    for (const { tag } of points) tags.add(tag);
    if (points.length > 0) rows++;
  }
  return { tags: [...tags], rows };
}

/** Its rows, each with its end; the first one names the columns (RFC 4180, with a single line feed). */
export async function* csvRows(
  lines: AsyncIterable<HistoryLine>,
  { tags, rows }: CsvShape,
): AsyncGenerator<string> {
  yield row([...fixedColumns, ...tags]);
  let written = 0;
  for await (const line of lines) {
    if (written === rows) return;
    const points = new Map(pointsOf(line).map(({ tag, value }) => [tag, value]));
    if (points.size === 0) continue;
    written++;
    const stage = line.kind === 'committed' ? line.stage : null;
    yield row([line.committed_steps, line.time, stage, ...tags.map((tag) => points.get(tag))]);
  }
}

const row = (cells: readonly (string | number | null | undefined)[]): string =>
  `${cells.map((cell) => quoted(String(cell ?? ''))).join(',')}\n`;

const quoted = (cell: string): string =>
  /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
