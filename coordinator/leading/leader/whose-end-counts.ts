/** Whose weights are the run's result, once its members have finished. */
import type { WorkerId } from '../../../shared/ids.js';
import type { Millis } from '../../../shared/units.js';
import type { ClusterView } from '../../membership/cluster-view.js';
import { silenceTimeout } from '../../membership/limits.js';

/**
 * Who is left of those that trained, where all of them have finished: the others are lost, and
 * nothing is to be computed again. Null while somebody who lives has still to finish.
 */
export function whoseEndCounts(
  now: Millis,
  view: ClusterView,
  finished: ReadonlySet<WorkerId>,
): readonly WorkerId[] | null {
  if (finished.size === 0) return null;
  const trained = whoTrained(view);
  const living = trained.filter((worker) => lives(now, view, worker));
  const ends = living.length > 0 ? living : trained.filter((worker) => finished.has(worker));
  return ends.length > 0 && ends.every((worker) => finished.has(worker)) ? ends : null;
}

function whoTrained({ record, trainedBy }: ClusterView): readonly WorkerId[] {
  if (record?.start == null && trainedBy !== null) return trainedBy.workers;
  return record?.members.map(({ worker }) => worker) ?? [];
}

function lives(now: Millis, { record, workers }: ClusterView, worker: WorkerId): boolean {
  const seen = workers.get(worker);
  if (seen === undefined || seen.status.phase === 'failed') return false;
  const member = record?.members.find((one) => one.worker === worker);
  if (member !== undefined && member.incarnation !== seen.status.incarnation) return false;
  return now - seen.heardAt < silenceTimeout;
}
