/** Changes that wait for the end of a step: somebody leaves, somebody comes, lanes are dealt anew. */
import type { GenerationRecord } from '../../../shared/membership/generation-record.js';
import { comparePositions, farthest, samePosition } from '../../../shared/membership/position.js';
import type { Millis } from '../../../shared/units.js';
import type { ClusterView, SeenWorker, WorkersWanted } from '../cluster-view.js';
import { isTrainingIn } from '../find-late.js';
import { dealInterval, gatheringTime, joinDelay } from '../limits.js';
import { type MembershipDecision, nothing } from '../membership-decision.js';
import { isEnding, membersOf, prepares, spares } from '../who-is-there.js';
import { betterShares } from './deal-lanes.js';
import { form } from './form-generation.js';

/** A generation without those that have been asked to end; null where nobody has, or nobody else is there. */
export function leave(
  view: ClusterView,
  record: GenerationRecord,
  wanted: WorkersWanted,
  standing: readonly SeenWorker[],
): MembershipDecision | null {
  const all = membersOf(view, record);
  const leaving = all.filter(({ status }) => status.leaving).map(({ worker }) => worker);
  if (leaving.length === 0 || isEnding(all) || view.facts.stopping) return null;
  const stay = all.filter(({ worker }) => !leaving.includes(worker));
  const members = stay.length === 0 ? [] : [...stay, ...spares(stay, standing, wanted)];
  // Who stays has no state yet, or an older one: it takes over first what would be lost.
  if (stay.length > 0 && !carriesOn(view, record, all, stay)) return null;
  // Who could take over its state becomes a member beside it first, as far as there is room.
  if (stay.length === 0 && spares(all, standing, wanted).length > 0) return null;
  const reason =
    `${leaving.join(', ')} ${leaving.length === 1 ? 'leaves' : 'leave'}` +
    (stay.length === 0 ? ': nobody is left, so a checkpoint is written' : '');
  // Where nobody trains yet, as while a newcomer copies, there is no step's end to wait for.
  const isUnderWay =
    !view.facts.stands && (stay.length === 0 || all.some((seen) => isTrainingIn(seen, record)));
  const planned = record.start === null ? record.planned : isUnderWay;
  const last = stay.length === 0 ? all : [];
  return form({ view, wanted, members, planned, reason, cause: 'left', workers: leaving, last });
}

/** Takes in who stands by, or deals lanes anew: one planned change at a time. */
export function grow(
  now: Millis,
  view: ClusterView,
  record: GenerationRecord,
  wanted: WorkersWanted,
  standing: readonly SeenWorker[],
): MembershipDecision {
  const members = membersOf(view, record);
  const settled = members.every((seen) => isTrainingIn(seen, record));
  if (!settled) return nothing('not everyone trains yet');
  if (isEnding(members) || view.facts.stopping) return nothing('the run ends');
  const more = spares(members, standing, wanted);
  const first = Math.min(...more.map(({ standingSince }) => standingSince ?? now));
  const patience = prepares(now, view) ? gatheringTime : joinDelay;
  if (more.length > 0 && now - first >= patience) {
    const names = more.map(({ worker }) => worker);
    const reason = `${names.join(', ')} ${names.length === 1 ? 'joins' : 'join'}`;
    const all = [...members, ...more];
    return form({
      view,
      wanted,
      members: all,
      planned: !view.facts.stands,
      reason,
      cause: 'joined',
      workers: names,
    });
  }
  return dealAnew(now, view, record, wanted, members);
}

/**
 * A change that was planned for the end of a step which does not come, since the run stands: nobody works
 * at a step, so that the members leave at once what they are in, and lose nothing. Null where none is.
 */
export function changeAtOnce(
  view: ClusterView,
  record: GenerationRecord,
  wanted: WorkersWanted,
): MembershipDecision | null {
  const { facts, trainedBy, workers } = view;
  if (!facts.stands || !record.planned || record.start !== null || trainedBy === null) return null;
  const trained = trainedBy.workers.flatMap((worker) => workers.get(worker) ?? []);
  const last = record.members.length === 0 ? trained : [];
  const { reason } = record;
  const members = membersOf(view, record);
  return form({ view, wanted, members, planned: false, reason, cause: 'left', last });
}

/** Whether one of those who stay holds what all of them together hold. */
function carriesOn(
  view: ClusterView,
  record: GenerationRecord,
  all: readonly SeenWorker[],
  stay: readonly SeenWorker[],
): boolean {
  const best = farthest(all.map(({ status }) => status.position));
  if (best === null) return true;
  if (record.start !== null) {
    return stay.some((seen) => isTrainingIn(seen, record) || isAtStart(seen, record));
  }
  const trains = new Set(record.planned ? view.trainedBy?.workers : []);
  // Positions of those who train are old when they come; they go on together.
  return stay.some(
    ({ worker, status: { position } }) =>
      position !== null && (trains.has(worker) || comparePositions(position, best) >= 0),
  );
}

function dealAnew(
  now: Millis,
  view: ClusterView,
  record: GenerationRecord,
  wanted: WorkersWanted,
  members: readonly SeenWorker[],
): MembershipDecision {
  const isDue = wanted.shares === 'speed' && now - view.dealtAt >= dealInterval;
  if (!isDue || view.facts.stands) return nothing('all train');
  const counts = record.members.map(({ lanes }) => lanes);
  const better = betterShares(
    counts,
    members.map(({ status }) => status.speed),
  );
  if (better === null) return nothing('all train');
  const reason = `lanes are dealt by speed: ${better.join(', ')} instead of ${counts.join(', ')}`;
  return {
    ...form({ view, wanted, members, planned: true, reason, cause: 'joined' }),
    dealt: true,
  };
}

/** No step can be committed before it is there as well: so it holds what all hold. */
const isAtStart = ({ status }: SeenWorker, { start }: GenerationRecord): boolean =>
  start?.kind === 'state' && samePosition(status.position, start.position);
