/** A run's result, in the names of its history. Pure. */
import type { ReportedMetrics } from '../messages/report-fields.js';
import type { RunResult } from '../messages/run-events.js';
import type { HistoryLineOf } from './history-line.js';

type Fields = HistoryLineOf<'finished'>;
type Values = Readonly<Record<string, number>>;
type Evaluation = NonNullable<Fields['evaluation']>;
type HistoryTargets = NonNullable<NonNullable<Evaluation['test']>['targets']>;

export function resultFields(
  result: RunResult,
): Omit<Fields, 'kind' | 'time' | 'exit_code' | 'resume'> {
  const of = (model: ReportedMetrics['model'], split: ReportedMetrics['split']): Values | null =>
    find(result.metrics, model, split)?.values ?? null;
  const { best, liveNegatives } = result;
  return {
    committed_steps: result.committedSteps,
    stopped: result.stopped,
    ended_early: result.endedEarly,
    stage: result.stage,
    best: best && {
      metric: best.metric,
      value: best.value,
      committed_steps: best.committedSteps,
      checkpoint: best.checkpoint,
      metrics: { validation: of('best', 'validation'), test: of('best', 'test') },
    },
    final_loss: result.finalLoss,
    live_negatives: liveNegatives && {
      mean: liveNegatives.mean,
      least: liveNegatives.least,
      least_of_run: liveNegatives.leastOfRun,
    },
    weights_sha256: result.weightsSha256,
    checkpoint: result.checkpoint,
    metrics: {
      validation: of('hllm', 'validation'),
      test: of('hllm', 'test'),
      popularity: { validation: of('popularity', 'validation'), test: of('popularity', 'test') },
      ...(result.metrics.some(({ targets }) => targets !== undefined) && {
        base_rate: { validation: of('base-rate', 'validation'), test: of('base-rate', 'test') },
      }),
    },
    evaluation: evaluationOf(result.metrics),
  };
}

function find(
  metrics: readonly ReportedMetrics[],
  model: ReportedMetrics['model'],
  split: ReportedMetrics['split'],
): ReportedMetrics | undefined {
  return metrics.find((found) => found.model === model && found.split === split);
}

function evaluationOf(metrics: readonly ReportedMetrics[]): Evaluation | null {
  const [first] = metrics;
  if (first === undefined) return null;
  const of = (split: ReportedMetrics['split']): Evaluation['test'] => {
    const row = find(metrics, 'hllm', split);
    if (row === undefined) return null;
    const { users, repeats, tied, targets } = row;
    const tiedPopularity = find(metrics, 'popularity', split)?.tied ?? 0;
    return {
      ...{ users, repeats, tied, tied_popularity: tiedPopularity },
      ...(targets && { targets: targetFields(targets) }),
    };
  };
  return {
    validation: of('validation'),
    test: of('test'),
    items: first.items,
    users_too_short: first.tooShort,
    cutoffs_above_catalogue: cutoffsAbove(first),
  };
}

/** What AUC and log-loss are of, by the names of a history. */
export const targetFields = ({
  oneClass,
  ...counts
}: NonNullable<ReportedMetrics['targets']>): HistoryTargets => ({
  ...counts,
  users_of_one_class: oneClass,
});

/** Cutoffs of the reported metrics that reach past the last item. */
export const cutoffsAbove = ({ values, items }: ReportedMetrics): number[] =>
  Object.keys(values)
    .map((name) => Number(/^recall@(\d+)$/.exec(name)?.[1] ?? 0))
    .filter((cutoff) => cutoff > items);
