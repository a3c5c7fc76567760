/**
 * Decides who trains, and from where. It looks at what is, never at what has just happened: asked
 * again with the same view it says the same, so a message that is lost or doubled costs time only.
 * Reads no clock and opens no socket.
 */
import { generation, type WorkerId } from '../../shared/ids.js';
import type {
  GenerationMember,
  GenerationRecord,
} from '../../shared/membership/generation-record.js';
import { comparePositions, farthest } from '../../shared/membership/position.js';
import { type Millis, millis } from '../../shared/units.js';
import { type ChosenStart, chooseStart } from './choose-start.js';
import type { ClusterView, LinkBreak, SeenWorker, WorkersWanted } from './cluster-view.js';
import { betterShares, sharesBySpeed, sharesEvenly } from './deal-lanes.js';
import { findLate, isPausedIn, isTrainingIn } from './find-late.js';
import { breaksOf, type Gone, judgeMembers, seenMember, whomToLeaveOut } from './judge-members.js';
import {
  breakMemory,
  dealInterval,
  firstPatience,
  gatheringTime,
  lostPatience,
  preparingPatience,
  silenceTimeout,
} from './limits.js';
import { otherSecrets } from './other-secrets.js';

export type Cause = 'lost' | 'joined' | 'left' | 'link';

/** A generation to be written, but for the fence of whoever writes it. */
export type Proposed = Omit<GenerationRecord, 'fence'>;

export type MembershipDecision =
  | { readonly kind: 'nothing'; readonly reason: string }
  /** Nobody can train, and people should know why. */
  | { readonly kind: 'wait'; readonly reason: string }
  /** Ask everyone for a sign of life: these are complained of. */
  | { readonly kind: 'ping'; readonly suspects: readonly WorkerId[] }
  | {
      readonly kind: 'form';
      readonly record: Proposed;
      readonly cause: Cause;
      /** Who was lost, came or went. */
      readonly workers: readonly WorkerId[];
      /** Last sign of life of who was lost; null where nobody was. */
      readonly since: Millis | null;
      readonly breaks: readonly LinkBreak[];
      readonly leaveOut: readonly WorkerId[];
      readonly dealt: boolean;
    }
  | ({ readonly kind: 'start'; readonly record: Proposed } & Omit<ChosenStart, 'start'>);

type Form = Extract<MembershipDecision, { kind: 'form' }>;

export function decideMembership(
  now: Millis,
  view: ClusterView,
  wanted: WorkersWanted,
): MembershipDecision {
  const { record } = view;
  const standing = standingBy(now, view);
  if (record === null) {
    return begin(now, view, wanted, [...orphans(now, view), ...standing], firstPatience, null);
  }
  const { gone, toPing, broken, left } = judgeMembers(now, view);
  const unheard = unheardOf(view, record, gone);
  if (unheard.length > 0) return nothing(`not heard yet: ${unheard.join(', ')}`);
  const late = findLate(now, view).filter(
    ({ worker }) => !gone.some((one) => one.worker === worker),
  );
  // Where all are late nobody is to blame: they try once more together.
  const lateOut = late.length + gone.length < record.members.length ? late : [];
  if (gone.length > 0 || lateOut.length > 0) {
    const lost = [...gone, ...lateOut.map((one) => ({ ...one, since: now }))];
    const leaveOut = lateOut.map(({ worker }) => worker);
    return goOnWithout(now, view, wanted, standing, lost, leaveOut);
  }
  if (toPing.length > 0) return { kind: 'ping', suspects: toPing };
  if (broken.length > 0) return mendLinks(now, view, record, wanted, broken);
  if (late.length > 0 || left.length > 0) {
    const whoLeft = left.map((worker) => `${worker} has left the generation`);
    const reason = [...late.map((one) => one.reason), ...whoLeft].join(', ');
    return form({
      view,
      wanted,
      members: membersOf(view, record),
      planned: false,
      reason,
      cause: 'link',
    });
  }
  return (
    leave(view, record, wanted, standing) ??
    (record.start === null
      ? tryToStart(now, view, record, wanted, standing)
      : grow(now, view, record, wanted, standing))
  );
}

/** Where a leader has just begun: whoever lives says so within the silence that counts as gone. */
function unheardOf(view: ClusterView, record: GenerationRecord, gone: readonly Gone[]): WorkerId[] {
  const isGone = new Set(gone.map(({ worker }) => worker));
  return record.members
    .filter((member) => !isGone.has(member.worker) && seenMember(view, member) === null)
    .map(({ worker }) => worker);
}

const nothing = (reason: string): MembershipDecision => ({ kind: 'nothing', reason });

/** Workers that can be made members, in the order of their names. */
function standingBy(now: Millis, view: ClusterView): SeenWorker[] {
  const able = [...view.workers.values()]
    .filter(
      ({ worker, status, heardAt }) =>
        status.phase === 'standing-by' &&
        !status.leaving &&
        now - heardAt < silenceTimeout &&
        (view.leftOut.get(worker) ?? 0) <= now,
    )
    .sort((a, b) => compareNames(a.worker, b.worker));
  const strangers = otherSecrets(view, able);
  return able.filter(({ worker }) => !strangers.has(worker));
}

// Made once: `localeCompare` with options makes one for each pair of names.
const collator = new Intl.Collator('en', { numeric: true });
/** Members of a generation whose record is lost: whatever removed it, they hold the state. */
const orphans = (now: Millis, view: ClusterView): SeenWorker[] =>
  [...view.workers.values()].filter(
    ({ status, heardAt }) =>
      orphanPhases.has(status.phase) && !status.leaving && now - heardAt < silenceTimeout,
  );

const orphanPhases: ReadonlySet<string> = new Set(['paused', 'copying', 'training', 'finished']);

/** Numbers sort as numbers: worker-10 comes after worker-9. */
export const compareNames = (a: string, b: string): number =>
  collator.compare(a, b) || (a < b ? -1 : 1);

const mostOf = ({ max, lanes }: WorkersWanted): number => Math.min(max, lanes);

/** Forms a generation of workers none of which has been a member of the one before. */
function begin(
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
  const others = [...view.workers.values()].some(
    ({ status, heardAt }) => status.phase === 'preparing' && now - heardAt < silenceTimeout,
  );
  const bound = others && patience === firstPatience ? preparingPatience : patience;
  if (count < enough && now - since < bound && !view.facts.stopping) {
    return { kind: 'wait', reason: `${count} of ${enough} workers, of which ${least} are enough` };
  }
  const reason = lost === null ? 'the run begins' : `${reasons(lost)}: nobody is left`;
  return form({ view, wanted, members: standing, planned: false, reason, cause: 'lost', lost });
}

function goOnWithout(
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

function mendLinks(
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
  );
  const pairs = broken.map(({ by, of, how }) => `${of} is ${how} for ${by}`).join(', ');
  const reason =
    out.length === 0
      ? `links broke: ${pairs}`
      : `links broke again: ${pairs}: without ${out.join(', ')} for a while`;
  const members = membersOf(view, record).filter(({ worker }) => !out.includes(worker));
  const breaks = breaksOf(broken, now, record.generation);
  return {
    ...form({ view, wanted, members, planned: false, reason, cause: 'link', leaveOut: out }),
    workers: out.length > 0 ? out : [...new Set(broken.map(({ of }) => of))],
    breaks,
  };
}

/** A generation without those that have been asked to end; null where nobody has, or nobody else is there. */
function leave(
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
  const planned = record.start !== null || record.planned;
  return form({ view, wanted, members, planned, reason, cause: 'left', workers: leaving });
}

function tryToStart(
  now: Millis,
  view: ClusterView,
  record: GenerationRecord,
  wanted: WorkersWanted,
  standing: readonly SeenWorker[],
): MembershipDecision {
  const members = membersOf(view, record);
  const least = Math.max(1, Math.min(wanted.min, mostOf(wanted)));
  const writes = membersThatWrite(now, view, record);
  if (members.length === 0 && writes.length > 0) {
    return { kind: 'wait', reason: `${writes.join(', ')} writes a checkpoint and leaves` };
  }
  if (members.length < least && !(view.facts.stopping && members.length > 0)) {
    const more = spares(members, standing, wanted);
    if (members.length + more.length >= least) {
      const names = more.map(({ worker }) => worker);
      const reason = `${names.join(', ')} ${names.length === 1 ? 'makes' : 'make'} it enough`;
      const all = [...members, ...more];
      return form({
        view,
        wanted,
        members: all,
        planned: record.planned,
        reason,
        cause: 'joined',
        workers: names,
      });
    }
    return { kind: 'wait', reason: `${members.length} of at least ${least} workers` };
  }
  const open = members.filter((seen) => !isPausedIn(seen, record)).map(({ worker }) => worker);
  if (open.length > 0) {
    return nothing(`generation ${record.generation} waits for ${open.join(', ')}`);
  }
  const pausedAt = Math.max(view.formedAt, ...members.map(({ movedAt }) => movedAt));
  const choice = chooseStart(members, view.facts, millis(now - pausedAt));
  if (choice.kind === 'wait') return nothing(choice.reason);
  const { start, position, resumedFrom } = choice;
  return { kind: 'start', record: { ...record, start }, position, resumedFrom };
}

/** Whoever leaves as the last one holds the state until its checkpoint is written. */
const membersThatWrite = (now: Millis, view: ClusterView, record: GenerationRecord): WorkerId[] =>
  [...view.workers.values()]
    .filter(
      ({ worker, status, heardAt }) =>
        status.leaving &&
        status.position !== null &&
        record.members.every((member) => member.worker !== worker) &&
        now - heardAt < silenceTimeout,
    )
    .map(({ worker }) => worker);

/** Whether one of those who stay holds what all of them together hold. */
function carriesOn(
  view: ClusterView,
  record: GenerationRecord,
  all: readonly SeenWorker[],
  stay: readonly SeenWorker[],
): boolean {
  const best = farthest(all.map(({ status }) => status.position));
  if (best === null) return true;
  if (record.start !== null) return stay.some((seen) => isTrainingIn(seen, record));
  const trains = new Set(record.planned ? view.trainedBy?.workers : []);
  // Positions of those who train are old when they come; they go on together.
  return stay.some(
    ({ worker, status: { position } }) =>
      position !== null && (trains.has(worker) || comparePositions(position, best) >= 0),
  );
}

/** Takes in who stands by, or deals lanes anew: one planned change at a time. */
function grow(
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
  if (more.length > 0 && now - first >= gatheringTime) {
    const names = more.map(({ worker }) => worker);
    const reason = `${names.join(', ')} ${names.length === 1 ? 'joins' : 'join'}`;
    const all = [...members, ...more];
    return form({
      view,
      wanted,
      members: all,
      planned: true,
      reason,
      cause: 'joined',
      workers: names,
    });
  }
  return dealAnew(now, view, record, wanted, members);
}

function dealAnew(
  now: Millis,
  view: ClusterView,
  record: GenerationRecord,
  wanted: WorkersWanted,
  members: readonly SeenWorker[],
): MembershipDecision {
  if (wanted.shares === 'even' || now - view.dealtAt < dealInterval) return nothing('all train');
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

/** Somebody has done all steps: whoever came now would only hold up the evaluation. */
const isEnding = (members: readonly SeenWorker[]): boolean =>
  members.some(({ status }) => status.phase === 'finished');

/** The members as they are seen, by rank; those that are not are left to `judgeMembers`. */
const membersOf = (view: ClusterView, record: GenerationRecord): SeenWorker[] =>
  record.members.flatMap((member) => seenMember(view, member) ?? []);

function spares(
  members: readonly SeenWorker[],
  standing: readonly SeenWorker[],
  wanted: WorkersWanted,
): SeenWorker[] {
  const known = new Set(members.map(({ worker }) => worker));
  const free = standing.filter(({ worker }) => !known.has(worker));
  return free.slice(0, Math.max(0, mostOf(wanted) - members.length));
}

const reasons = (lost: readonly { readonly reason: string }[]): string =>
  lost.map(({ reason }) => reason).join(', ');

interface FormParts {
  readonly view: ClusterView;
  readonly wanted: WorkersWanted;
  readonly members: readonly SeenWorker[];
  readonly planned: boolean;
  readonly reason: string;
  readonly cause: Cause;
  readonly workers?: readonly WorkerId[];
  readonly lost?: readonly Gone[] | null;
  readonly leaveOut?: readonly WorkerId[];
}

function form(parts: FormParts): Form {
  const { view, wanted, planned, reason, cause, lost = null, leaveOut = [] } = parts;
  const members = [...parts.members]
    .sort((a, b) => compareNames(a.worker, b.worker))
    .slice(0, mostOf(wanted));
  const counts =
    members.length > 0 && wanted.shares === 'speed'
      ? sharesBySpeed(
          members.map(({ status }) => status.speed),
          wanted.lanes,
        )
      : sharesEvenly(Math.max(1, members.length), wanted.lanes);
  const writer = members.find(({ worker }) => worker === view.record?.writer) ?? members[0];
  return {
    kind: 'form',
    record: {
      generation: generation(newestGeneration(view) + 1),
      planned,
      reason: reason.slice(0, 512),
      members: members.map(({ worker, status }, rank): GenerationMember => {
        const { incarnation, address } = status;
        return { worker, incarnation, address, lanes: counts[rank] as number };
      }),
      writer: writer?.worker ?? null,
      start: null,
    },
    cause,
    workers: parts.workers ?? (lost ?? []).map(({ worker }) => worker),
    since: lost === null || lost.length === 0 ? null : least(lost.map(({ since }) => since)),
    breaks: [],
    leaveOut,
    dealt: false,
  };
}

/** Of all that anybody has heard of: where the store was lost, its numbers must not begin again. */
const newestGeneration = ({ record, workers }: ClusterView): number =>
  Math.max(
    record?.generation ?? 0,
    ...[...workers.values()].map(({ status }) => status.generation ?? 0),
  );

const least = (times: readonly Millis[]): Millis => Math.min(...times) as Millis;
