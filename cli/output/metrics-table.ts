/** Recall and NDCG of the model beside popularity, as text. Pure. */
import type { ReportedMetrics } from '../../shared/messages/messages.js';
import { aligned } from './aligned.js';

/** One row for each split and metric; columns for the model, popularity, and their ratio. */
export function metricsTable(metrics: readonly ReportedMetrics[]): string {
  const rows: string[][] = [['', 'hllm', 'popularity', 'ratio']];
  for (const split of ['validation', 'test'] as const) {
    const model = metrics.find((found) => found.split === split && found.model === 'hllm');
    const popularity = metrics.find(
      (found) => found.split === split && found.model === 'popularity',
    );
    if (model === undefined) continue;
    for (const [name, value] of Object.entries(model.values)) {
      const other = popularity?.values[name];
      rows.push([`${split} ${name}`, decimal(value), decimal(other), ratio(value, other)]);
    }
  }
  const users = metrics[0]?.users ?? 0;
  return [...aligned(rows), `(${users} users, full catalogue, history masked)`].join('\n');
}

const decimal = (value: number | undefined): string =>
  value === undefined ? '-' : value.toFixed(4);

const ratio = (value: number, other: number | undefined): string =>
  other === undefined || other === 0 ? '-' : `${(value / other).toFixed(2)}x`;
