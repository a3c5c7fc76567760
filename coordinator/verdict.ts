import type { WorkerId } from '../shared/ids.js';
import type { WorkerReport } from '../shared/messages/cluster/from-worker.js';
import type { ReportedMetrics } from '../shared/messages/report-fields.js';
import type { LiveNegatives, RunResult } from '../shared/messages/run-events.js';

export type Finished = Extract<WorkerReport, { kind: 'finished' }>;

/** Members ended with different weights: the promise of the whole system is broken. */
export class WeightsDifferError extends Error {
  override readonly name = 'WeightsDifferError';
  readonly code = 'WEIGHTS_DIFFER';
}

/**
 * The run's result, once every member has finished; null before.
 *
 * @throws WeightsDifferError where members do not hold the same weights after the same step.
 */
export function decideResult(
  members: readonly WorkerId[],
  finished: ReadonlyMap<WorkerId, Finished>,
  metrics: ReadonlyMap<WorkerId, readonly ReportedMetrics[]>,
  liveNegatives: LiveNegatives | null,
): RunResult | null {
  const ends = members.map((member) => finished.get(member));
  const first = ends[0];
  if (first === undefined || ends.includes(undefined)) return null;
  for (const [index, end] of ends.entries()) {
    if (end === undefined) continue;
    if (end.weightsSha256 === first.weightsSha256 && end.committedSteps === first.committedSteps) {
      continue;
    }
    throw new WeightsDifferError(
      `Cannot finish: after step ${first.committedSteps} ${members[0]} holds weights ` +
        `${first.weightsSha256}, after step ${end.committedSteps} ${members[index]} holds ` +
        `${end.weightsSha256}: all members must end with the same weights`,
    );
  }
  return {
    committedSteps: first.committedSteps,
    finalLoss: first.finalLoss,
    liveNegatives,
    weightsSha256: first.weightsSha256,
    // Whoever evaluated to the end has the whole result, whatever the others gave up meanwhile.
    stopped: ends.every((end) => end?.stopped),
    endedEarly: first.endedEarly,
    stage: first.stage,
    best: first.best,
    checkpoint: ends.find((end) => end?.checkpoint != null)?.checkpoint ?? null,
    metrics:
      members.map((member) => metrics.get(member)).find((found) => found !== undefined) ?? [],
  };
}
