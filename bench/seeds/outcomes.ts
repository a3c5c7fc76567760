/** What some runs of one job, which differ in their seed, reached: every metric with its interval. */
import { interval } from './interval.js';

/** A row of the evaluation that ends a run, as `evaluated` lines have it: docs/run-folder.md. */
export interface EvaluatedRow {
  readonly split: string;
  readonly model: string;
  readonly values: Readonly<Record<string, number>>;
}

export interface Outcome {
  readonly split: string;
  readonly model: string;
  readonly metric: string;
  readonly mean: number;
  readonly half: number | null;
  readonly values: readonly number[];
}

/** @param runs the rows of each seed; every run has the same ones. */
export function outcomes(runs: readonly (readonly EvaluatedRow[])[]): Outcome[] {
  const [first = []] = runs;
  return first.flatMap(({ split, model, values }) =>
    Object.keys(values).map((metric) => {
      const found = runs.map((rows) => metricOf(rows, split, model, metric));
      return { split, model, metric, ...interval(found), values: found };
    }),
  );
}

function metricOf(
  rows: readonly EvaluatedRow[],
  split: string,
  model: string,
  metric: string,
): number {
  const row = rows.find((each) => each.split === split && each.model === model);
  const value = row?.values[metric];
  if (value !== undefined) return value;
  throw new RangeError(
    `Cannot compare the runs: one of them has no ${metric} of ${model} (${split})`,
  );
}

/** @param outcomes of the splits and metrics that are to be seen. */
export function outcomesTable(rows: readonly Outcome[]): string {
  const cells = rows.map(({ split, model, metric, mean, half, values }) => [
    split,
    model,
    metric,
    `${mean.toFixed(4)} ± ${half === null ? '?' : half.toFixed(4)}`,
    values.map((value) => value.toFixed(4)).join(' '),
  ]);
  const all = [['split', 'model', 'metric', 'mean ± 95 %', 'each seed'], ...cells];
  const widths = (all[0] as string[]).map((_, column) =>
    Math.max(...all.map((row) => (row[column] as string).length)),
  );
  return all
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] as number))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
