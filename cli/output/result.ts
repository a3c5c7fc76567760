/** A run's result: one JSON object for machines, and the same for people. */
import type { ReportedMetrics } from '../../shared/messages/messages.js';
import type { RunResult } from '../../shared/messages/run-events.js';
import { cutoffsAbove } from './metrics-table.js';
import { compact } from './progress-line.js';

type Values = Readonly<Record<string, number>>;

interface Evaluated {
  readonly users: number;
  /** Users whose held-out item stands in their history. */
  readonly repeats: number;
  /** Users whose held-out item ties with others; it counts by its expected place. */
  readonly tied: number;
  readonly tied_popularity: number;
}

export interface ResultJson {
  readonly final_loss: number | null;
  readonly live_negatives: {
    readonly mean: number;
    readonly least: number;
    readonly least_of_run: number;
  } | null;
  readonly weights_sha256: string;
  readonly committed_steps: number;
  readonly stopped: boolean;
  readonly checkpoint: string | null;
  readonly metrics: {
    readonly validation: Values | null;
    readonly test: Values | null;
    readonly popularity: { readonly validation: Values | null; readonly test: Values | null };
  };
  /** What the metrics are of, by split; null where nothing was evaluated. */
  readonly evaluation: {
    readonly validation: Evaluated | null;
    readonly test: Evaluated | null;
    readonly items: number;
    readonly users_too_short: number;
    readonly cutoffs_above_catalogue: readonly number[];
  } | null;
}

export function resultJson(result: RunResult): ResultJson {
  const of = (model: ReportedMetrics['model'], split: ReportedMetrics['split']): Values | null =>
    find(result.metrics, model, split)?.values ?? null;
  const { liveNegatives } = result;
  return {
    final_loss: result.finalLoss,
    live_negatives: liveNegatives && {
      mean: liveNegatives.mean,
      least: liveNegatives.least,
      least_of_run: liveNegatives.leastOfRun,
    },
    weights_sha256: result.weightsSha256,
    committed_steps: result.committedSteps,
    stopped: result.stopped,
    checkpoint: result.checkpoint,
    metrics: {
      validation: of('hllm', 'validation'),
      test: of('hllm', 'test'),
      popularity: { validation: of('popularity', 'validation'), test: of('popularity', 'test') },
    },
    evaluation: evaluationJson(result.metrics),
  };
}

function find(
  metrics: readonly ReportedMetrics[],
  model: ReportedMetrics['model'],
  split: ReportedMetrics['split'],
): ReportedMetrics | undefined {
  return metrics.find((found) => found.model === model && found.split === split);
}

function evaluationJson(metrics: readonly ReportedMetrics[]): ResultJson['evaluation'] {
  const [first] = metrics;
  if (first === undefined) return null;
  const of = (split: ReportedMetrics['split']): Evaluated | null => {
    const row = find(metrics, 'hllm', split);
    if (row === undefined) return null;
    const { users, repeats, tied } = row;
    return { users, repeats, tied, tied_popularity: find(metrics, 'popularity', split)?.tied ?? 0 };
  };
  return {
    validation: of('validation'),
    test: of('test'),
    items: first.items,
    users_too_short: first.tooShort,
    cutoffs_above_catalogue: cutoffsAbove(first),
  };
}

const liveText = (live: RunResult['liveNegatives']): string =>
  live === null
    ? '-'
    : `${compact(live.mean)} on average, ${compact(live.least)} at least ` +
      `(${compact(live.leastOfRun)} at least in the whole run)`;

/** Without the table of metrics. */
export function resultText(result: RunResult): string {
  const lines = [
    `committed steps  ${result.committedSteps}`,
    `final loss       ${result.finalLoss === null ? '-' : result.finalLoss.toFixed(6)}`,
    `live negatives   ${liveText(result.liveNegatives)}`,
    `weights sha256   ${result.weightsSha256}`,
    `checkpoint       ${result.checkpoint ?? '-'}`,
  ];
  return lines.join('\n');
}
