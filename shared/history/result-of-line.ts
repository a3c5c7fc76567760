/** A run's result out of the last line of its history: the other way round than result-fields.ts. Pure. */
import type { ReportedMetrics } from '../messages/report-fields.js';
import type { RunResult } from '../messages/run-events.js';
import type { HistoryLineOf } from './history-line.js';

type Line = HistoryLineOf<'finished'>;
type Split = ReportedMetrics['split'];
type Values = Readonly<Record<string, number>>;

/** What a line keeps of a result. */
export type ShownResult = Omit<RunResult, 'best'> & {
  readonly best:
    | (Omit<NonNullable<RunResult['best']>, 'repeats' | 'evaluationsSince'> & {
        readonly evaluationsSince?: number;
      })
    | null;
};

export function resultOf(line: Line): ShownResult {
  const { best, live_negatives: live } = line;
  return {
    committedSteps: line.committed_steps,
    finalLoss: line.final_loss,
    liveNegatives: live && { mean: live.mean, least: live.least, leastOfRun: live.least_of_run },
    weightsSha256: line.weights_sha256,
    stopped: line.stopped,
    endedEarly: line.ended_early,
    stage: line.stage,
    best: best && {
      metric: best.metric,
      value: best.value,
      committedSteps: best.committed_steps,
      checkpoint: best.checkpoint,
    },
    checkpoint: line.checkpoint,
    metrics: (['validation', 'test'] as const).flatMap((split) => rowsOf(line, split)),
  };
}

function rowsOf({ best, evaluation, metrics }: Line, split: Split): ReportedMetrics[] {
  const of = evaluation?.[split];
  if (evaluation === null || of === null || of === undefined) return [];
  const { users, repeats, targets } = of;
  const row = (
    model: ReportedMetrics['model'],
    values: Values | null | undefined,
    tied: number,
  ): ReportedMetrics[] =>
    values === null || values === undefined
      ? []
      : [
          {
            ...{ split, model, users, repeats, tied, items: evaluation.items, values },
            tooShort: evaluation.users_too_short,
            ...(targets && { targets: reportedTargets(targets) }),
          },
        ];
  return [
    ...row('hllm', metrics[split], of.tied),
    ...row('best', best?.metrics[split], of.tied),
    ...row('popularity', metrics.popularity[split], of.tied_popularity),
    ...row('base-rate', metrics.base_rate?.[split], of.tied),
  ];
}

type Targets = NonNullable<NonNullable<NonNullable<Line['evaluation']>['test']>['targets']>;

const reportedTargets = ({ users_of_one_class: oneClass, ...counts }: Targets) => ({
  ...counts,
  oneClass,
});
