/** The measurements of `lockstep bench` as text. Pure. */
import { aligned } from '../output/text/aligned.js';

/** A line of `bench survey`. */
export type Measurement = MeasuredStep | FailedStep;

/** The fields of `bench step` that the table shows. */
export interface MeasuredStep {
  readonly engine: string;
  readonly dtype: string;
  readonly threads: number;
  readonly step_seconds: number;
  readonly users_per_second: number;
  readonly tokens_per_second: number;
  readonly flops_per_second: number;
  readonly matmul_share: number;
  readonly peak_bytes: number;
  readonly host_share: number;
}

export interface FailedStep {
  readonly engine: string;
  readonly dtype: string;
  /** Why there is nothing to show. */
  readonly failed: string;
}

const heads = [
  'engine',
  'precision',
  'threads',
  'step, s',
  'users/s',
  'tokens/s',
  'GFLOP/s',
  'of matmul',
  'peak MiB',
  'host',
];

/** A row for each measurement; below it, why others are missing. */
export function benchTable(measurements: readonly Measurement[]): string {
  const rows = measurements.flatMap((found) => (isFailed(found) ? [] : [rowOf(found)]));
  const failures = measurements
    .filter(isFailed)
    .map(({ engine, dtype, failed }) => `${engine}, ${dtype}: ${failed}`);
  return [...aligned([heads, ...rows]), ...failures].join('\n');
}

export const isFailed = (found: Measurement): found is FailedStep => 'failed' in found;

const rowOf = (step: MeasuredStep): string[] => [
  step.engine,
  step.dtype,
  `${step.threads}`,
  step.step_seconds.toFixed(3),
  step.users_per_second.toFixed(2),
  Math.round(step.tokens_per_second).toLocaleString('en-US'),
  (step.flops_per_second / 1e9).toFixed(1),
  percent(step.matmul_share),
  Math.round(step.peak_bytes / 2 ** 20).toLocaleString('en-US'),
  percent(step.host_share),
];

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
