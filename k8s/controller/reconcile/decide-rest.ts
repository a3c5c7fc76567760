/** A job that rests, or is on its way there: by the user's `spec.suspend`, or by `lockstep stop`. */
import { checkpointsPlace } from '../children/checkpoints-place.js';
import type { JobParts } from '../children/job-parts.js';
import { queueLabels } from '../children/queue-labels.js';
import { isOverdue } from '../policy/pods.js';
import type { Judged } from '../policy/progress.js';
import { restJobs } from '../policy/run-jobs.js';
import type { Action, Decision } from './decision.js';
import type { Seen, WallTime } from './seen.js';
import { statusOf } from './status.js';

export function decideRest(
  seen: Seen,
  parts: JobParts,
  isStopped: boolean,
  now: WallTime,
): Decision {
  const { children, job } = seen;
  const why = isStopped ? 'Stopped' : 'Suspended';
  const plan = restJobs(children, queueLabels(job) !== null, 'the job rests', now);
  const isLeaving = plan.workersLeft + plan.coordinatorsLeft > 0;
  // A queue's Job of the coordinator is removed, not suspended.
  const hasRun = children.coordinator !== null || job.status?.totalSteps !== undefined;
  const lost =
    checkpointsPlace(parts).isDurable || !hasRun
      ? ''
      : ': its state lived in its pods and is lost, since spec.kubernetes.checkpoints names no place';
  const unconfirmed = children.pods.filter((pod) => isOverdue(pod, now)).length;
  const silent =
    unconfirmed === 0
      ? ''
      : `; the machines of ${unconfirmed} pods do not say that they have ended`;
  const message = isLeaving
    ? `${plan.workersLeft} workers and ${plan.coordinatorsLeft} coordinators are leaving`
    : `${isStopped ? 'stopped on request; spec.suspend: false goes on' : 'spec.suspend is true'}${lost}${silent}`;
  const judged: Judged = {
    state: isLeaving ? 'Paused' : 'Suspended',
    message,
    claims: {
      Suspended: { holds: !isLeaving, reason: isLeaving ? 'Suspending' : why, message },
      Running: { holds: false, reason: isLeaving ? 'Suspending' : why, message: '' },
      Degraded: { holds: false, reason: why, message: '' },
    },
  };
  // `lockstep stop` is a wish of the user's that the job rest: it is written where users look for it.
  const suspend: Action[] =
    isStopped && !parts.resolved.cluster.suspend
      ? [
          {
            kind: 'patch',
            of: 'TrainingJob',
            name: job.metadata.name,
            patch: { metadata: { uid: job.metadata.uid }, spec: { suspend: true } },
            reason: 'the run was stopped on request',
          },
        ]
      : [];
  return {
    actions: [...suspend, ...plan.actions],
    // At once, as a Job does it: the time that pods need to leave is none in which the job is active.
    status: statusOf(seen, parts.resolved, judged, { startedAt: 'clear', now }),
    events: [],
    requeueAfter: plan.overdueIn,
    reason: message,
  };
}
