/** Nobody trains yet, somebody is gone, or links have broken: who goes on. */
import type { WorkerId } from '../../../shared/ids.js';
import type { GenerationRecord } from '../../../shared/membership/generation-record.js';
import type { Millis } from '../../../shared/units.js';
import type { ClusterView, SeenWorker, WorkersWanted } from '../cluster-view.js';
import {
  breaksOf,
  type Gone,
  type judgeMembers,
  seenMember,
  whomToLeaveOut,
} from '../judge-members.js';
import { breakMemory, firstPatience, lostPatience, preparingPatience } from '../limits.js';
import type { MembershipDecision } from '../membership-decision.js';
import { membersOf, mostOf, prepares, spares } from '../who-is-there.js';
import { form } from './form-generation.js';

/** Forms a generation of workers none of which has been a member of the one before. */
export function begin(
  now: Millis,
  view: ClusterView,
  wanted: WorkersWanted,
  standing: readonly SeenWorker[],
  patience: Millis,
  lost: readonly Gone[] | null,
): MembershipDecision {
  const enough = Math.min(wanted.replicas, mostOf(wanted));
  const least = Math.min(wanted.min, mostOf(wanted));
  const { length: count } = standing;
  if (count < least || count === 0) {
    return { kind: 'wait', reason: `${count} of at least ${Math.max(least, 1)} workers` };
  }
  const times = standing.map(({ standingSince }) => standingSince ?? view.since);
  const since = times.sort((a, b) => a - b)[least - 1] as Millis;
  const others = prepares(now, view);
  const bound = others && patience === firstPatience ? preparingPatience : patience;
  if (count < enough && now - since < bound && !view.facts.stopping) {
    return { kind: 'wait', reason: `${count} of ${enough} workers, of which ${least} are enough` };
  }
  const reason = lost === null ? 'the run begins' : `${reasons(lost)}: nobody is left`;
  return form({ view, wanted, members: standing, planned: false, reason, cause: 'lost', lost });
}

export function goOnWithout(
  now: Millis,
  view: ClusterView,
  wanted: WorkersWanted,
  standing: readonly SeenWorker[],
  lost: readonly Gone[],
  leaveOut: readonly WorkerId[],
): MembershipDecision {
  const record = view.record as GenerationRecord;
  const names = new Set(lost.map(({ worker }) => worker));
  const survivors = membersOf(view, record).filter(({ worker }) => !names.has(worker));
  const others = standing.filter(({ worker }) => !leaveOut.includes(worker));
  if (survivors.length === 0) {
    const heard = record.members.some((member) => seenMember(view, member) !== null);
    return begin(now, view, wanted, others, heard ? lostPatience : firstPatience, lost);
  }
  // Whoever has not trained yet is missed by nobody: the members go on to their step's end.
  const trains = new Set(record.planned ? view.trainedBy?.workers : []);
  const planned =
    record.planned && record.start === null && lost.every(({ worker }) => !trains.has(worker));
  const reason = reasons(lost);
  const members = [...survivors, ...spares(survivors, others, wanted)];
  return form({ view, wanted, members, planned, reason, cause: 'lost', lost, leaveOut });
}

export function mendLinks(
  now: Millis,
  view: ClusterView,
  record: GenerationRecord,
  wanted: WorkersWanted,
  broken: ReturnType<typeof judgeMembers>['broken'],
): MembershipDecision {
  const out = whomToLeaveOut(
    broken,
    view.breaks.filter(({ at }) => now - at < breakMemory),
    record.members,
    (worker) => view.workers.get(worker)?.status.position ?? null,
    (worker) => (view.workers.get(worker)?.trainedIn ?? null) === null,
  );
  const pairs = broken.map(({ by, of, how }) => `${of} is ${how} for ${by}`).join(', ');
  const reason =
    out.length === 0
      ? `links broke: ${pairs}`
      : `links broke: ${pairs}: without ${out.join(', ')} for a while`;
  const members = membersOf(view, record).filter(({ worker }) => !out.includes(worker));
  const breaks = breaksOf(broken, now, record.generation);
  return {
    ...form({ view, wanted, members, planned: false, reason, cause: 'link', leaveOut: out }),
    workers: out.length > 0 ? out : [...new Set(broken.map(({ of }) => of))],
    breaks,
  };
}

const reasons = (lost: readonly { readonly reason: string }[]): string =>
  lost.map(({ reason }) => reason).join(', ');
