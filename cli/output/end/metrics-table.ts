/** The metrics of the model beside its baselines, and what they leave out, as text. Pure. */
import { cutoffsAbove } from '../../../shared/history/result-fields.js';
import { isClassificationMetric } from '../../../shared/job-spec/rules/classification-metrics.js';
import type { ReportedMetrics } from '../../../shared/messages/report-fields.js';
import { compact } from '../display/progress-line.js';
import { aligned } from '../text/aligned.js';

const splits = ['validation', 'test'] as const;

/**
 * One row for each split and metric; columns for the model and its baseline, and for the best
 * checkpoint where one was kept. Rankings come first, and what is told of targets behind them.
 */
export function metricsTable(metrics: readonly ReportedMetrics[]): string {
  const isOf = (wanted: boolean) => (name: string) => isClassificationMetric(name) === wanted;
  const own = metrics.filter(({ model }) => model === 'hllm');
  const ranked = own.some(({ values }) => Object.keys(values).some(isOf(false)));
  const judged = own.some(({ targets }) => targets !== undefined);
  return [
    ...(ranked ? metricRows(metrics, isOf(false), 'popularity') : []),
    ...(ranked ? remarks(own) : []),
    ...(judged ? metricRows(metrics, isOf(true), 'base-rate') : []),
    ...own.flatMap(targetRemarks),
    ...(ranked ? [] : tooShortRemark(own)),
  ].join('\n');
}

function metricRows(
  metrics: readonly ReportedMetrics[],
  isShown: (name: string) => boolean,
  baseline: 'popularity' | 'base-rate',
): string[] {
  const best = metrics.some(({ model }) => model === 'best') ? ['best'] : [];
  const ratios = baseline === 'popularity';
  const rows: string[][] = [
    ['', 'hllm', ...best, baseline.replace('-', ' '), ...(ratios ? ['ratio'] : [])],
  ];
  for (const split of splits) {
    const of = (model: ReportedMetrics['model']) =>
      metrics.find((found) => found.split === split && found.model === model);
    for (const [name, value] of Object.entries(of('hllm')?.values ?? {})) {
      if (!isShown(name)) continue;
      const other = of(baseline)?.values[name];
      const ofBest = best.map(() => decimal(of('best')?.values[name]));
      rows.push([
        `${split} ${name}`,
        ...[decimal(value), ...ofBest, decimal(other), ...(ratios ? [ratio(value, other)] : [])],
      ]);
    }
  }
  return aligned(rows);
}

/** What a reader of the AUC and the log-loss must know to believe them. */
function targetRemarks({ split, targets }: ReportedMetrics): string[] {
  if (targets === undefined) return [];
  const { total, wanted, users, oneClass } = targets;
  const share = total === 0 ? '-' : ((100 * wanted) / total).toFixed(1);
  const line = `${split}: ${compact(total)} targets of ${userCount(users)}, ${share}% wanted`;
  // Where each user has one target, as with labels from data, nobody expects another.
  return total === users || oneClass === 0
    ? [line]
    : [line, `${split}: gauc leaves out ${userCount(oneClass)} whose targets are of one class`];
}

function tooShortRemark([first]: readonly ReportedMetrics[]): string[] {
  const tooShort = first?.tooShort ?? 0;
  return tooShort === 0
    ? []
    : [`${userCount(tooShort)} not evaluated: a history needs three items or more`];
}

/** What a reader of the rankings must know to believe them. */
function remarks(rows: readonly ReportedMetrics[]): string[] {
  const [first] = rows;
  if (first === undefined) return [];
  const { users, items } = first;
  const lines = [
    `(${users} users, full catalogue of ${items} items, history masked)`,
    ...tooShortRemark(rows),
  ];
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
