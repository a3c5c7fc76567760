/** The report of a job: what its log comes to, and what its leader knows besides. */
import type { JobPhase, JobReport } from '../../shared/messages/job-report.js';
import { type JobProgress, metricsOf } from './job-progress.js';

/** What the log does not hold. */
export interface ReportedBy {
  readonly uid: string;
  readonly runId: string;
  readonly fence: number;
  readonly sequence: number;
  /** ISO 8601. */
  readonly time: string;
  readonly min: number;
  /** Null while the dataset is opened. */
  readonly straggler: string | null;
}

export function jobReportOf(progress: JobProgress, by: ReportedBy): JobReport {
  const { end, members, generation, checkpoint, recoveries, restarts, weightsSha256 } = progress;
  const { committedSteps, loss, totalSteps } = progress;
  const phase = phaseOf(progress);
  const isMoving = phase === 'training' || phase === 'evaluating';
  return {
    ...by,
    phase,
    reason: end?.reason ?? (isMoving ? '' : progress.reason),
    code: end?.code ?? null,
    ...{ committedSteps, totalSteps, loss },
    metrics: metricsOf(progress),
    estimatedRemainingSeconds: end === null ? remaining(progress) : null,
    ...{ members, generation, checkpoint, recoveries, restarts, weightsSha256 },
  };
}

function phaseOf({ committedSteps, end, hasTrained, members, totalSteps }: JobProgress): JobPhase {
  if (end !== null) return end.code === null ? 'finished' : 'failed';
  if (members.length === 0) return hasTrained ? 'paused' : 'starting';
  return committedSteps >= totalSteps ? 'evaluating' : 'training';
}

function remaining({ committedSteps, stepSeconds, totalSteps }: JobProgress): number | null {
  if (stepSeconds.length === 0 || committedSteps > totalSteps) return null;
  const mean = stepSeconds.reduce((sum, one) => sum + one, 0) / stepSeconds.length;
  return mean * (totalSteps - committedSteps);
}
