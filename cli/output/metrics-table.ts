/** The metrics of the model beside popularity, and what they leave out, as text. Pure. */
import { cutoffsAbove } from '../../shared/history/result-fields.js';
import type { ReportedMetrics } from '../../shared/messages/messages.js';
import { aligned } from './aligned.js';
import { compact } from './progress-line.js';

const splits = ['validation', 'test'] as const;

/**
 * One row for each split and metric; columns for the model, popularity, and their ratio, and for the
 * best checkpoint where one was kept.
 */
export function metricsTable(metrics: readonly ReportedMetrics[]): string {
  const best = metrics.some(({ model }) => model === 'best') ? ['best'] : [];
  const rows: string[][] = [['', 'hllm', ...best, 'popularity', 'ratio']];
  for (const split of splits) {
    const of = (model: ReportedMetrics['model']) =>
      metrics.find((found) => found.split === split && found.model === model);
    for (const [name, value] of Object.entries(of('hllm')?.values ?? {})) {
      const other = of('popularity')?.values[name];
      const ofBest = best.map(() => decimal(of('best')?.values[name]));
      rows.push([
        `${split} ${name}`,
        ...[decimal(value), ...ofBest, decimal(other), ratio(value, other)],
      ]);
    }
  }
  return [...aligned(rows), ...remarks(metrics)].join('\n');
}

/** What a reader of the numbers must know to believe them. */
function remarks(metrics: readonly ReportedMetrics[]): string[] {
  const rows = metrics.filter(({ model }) => model === 'hllm');
  const [first] = rows;
  if (first === undefined) return [];
  const { users, items, tooShort } = first;
  const lines = [`(${users} users, full catalogue of ${items} items, history masked)`];
  if (tooShort > 0) {
    lines.push(`${userCount(tooShort)} not evaluated: a history needs three items or more`);
  }
  const above = cutoffsAbove(first);
  if (above.length > 0) {
    lines.push(
      `the catalogue has fewer items than the cutoffs ${above.join(', ')}: each of them counts all`,
    );
  }
  for (const row of rows) lines.push(...remarksOfSplit(row));
  return lines;
}

function remarksOfSplit({ split, users, repeats, tied }: ReportedMetrics): string[] {
  const lines: string[] = [];
  if (repeats > 0) {
    const who = userCount(repeats);
    lines.push(`${split}: ${who} held out what their history has too (evaluation.repeats)`);
  }
  if (tied > 0) {
    const share = ((100 * tied) / users).toFixed(1);
    lines.push(`${split}: ${share}% of the items asked for tie with others, and count by chance`);
  }
  return lines;
}

const userCount = (users: number): string =>
  users === 1 ? '1 user' : `${users < 10 ? users : compact(users)} users`;

const decimal = (value: number | undefined): string =>
  value === undefined ? '-' : value.toFixed(4);

const ratio = (value: number, other: number | undefined): string =>
  other === undefined || other === 0 ? '-' : `${(value / other).toFixed(2)}x`;
