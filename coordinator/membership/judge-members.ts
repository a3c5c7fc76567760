/** Which members are gone, and between which living ones the links have broken. */
import type { WorkerId } from '../../shared/ids.js';
import { workerId } from '../../shared/ids.js';
import type {
  GenerationMember,
  GenerationRecord,
} from '../../shared/membership/generation-record.js';
import { comparePositions, type Position, samePosition } from '../../shared/membership/position.js';
import type { Millis } from '../../shared/units.js';
import type { ClusterView, LinkBreak, SeenWorker } from './cluster-view.js';
import { pingTimeout, silenceTimeout } from './limits.js';

export interface Gone {
  readonly worker: WorkerId;
  readonly reason: string;
  /** Its last sign of life. */
  readonly since: Millis;
}

export interface Judgement {
  readonly gone: readonly Gone[];
  /** Complained of, and not asked yet. */
  readonly toPing: readonly WorkerId[];
  /** Both ends have shown that they live. */
  readonly broken: readonly Accusation[];
  /** Have left their generation, and everybody else lives: see `haveLeft`. */
  readonly left: readonly WorkerId[];
}

export interface Accusation {
  readonly by: WorkerId;
  readonly of: WorkerId;
  readonly how: 'closed' | 'silent' | 'unreachable';
}

export function judgeMembers(now: Millis, view: ClusterView): Judgement {
  const { record } = view;
  if (record === null) return { gone: [], toPing: [], broken: [], left: [] };
  const gone = record.members.flatMap((member) => goneOf(now, view, member) ?? []);
  const isGone = new Set(gone.map(({ worker }) => worker));
  const accusations = accusationsIn(view, record).filter(
    ({ by, of }) => !isGone.has(by) && !isGone.has(of),
  );
  const asked = new Map(view.suspects.map((suspect) => [suspect.worker, suspect]));
  // Whoever left its generation without a word lost somebody, or will say so in a moment.
  const left = haveLeft(view, record);
  const others = left.length === 0 ? [] : record.members.map(({ worker }) => worker);
  const complainedOf = [
    ...accusations.map(({ of }) => of),
    ...others.filter((of) => !left.includes(of)),
  ];
  const toPing = [...new Set(complainedOf)].filter((of) => !asked.has(of) && !isGone.has(of));
  const broken = accusations.filter(({ of }) => {
    const suspect = asked.get(of);
    return suspect !== undefined && hasAnswered(view.workers.get(of), suspect.ping);
  });
  const unanswered = [...asked.values()].some(
    ({ worker, ping }) => !hasAnswered(view.workers.get(worker), ping),
  );
  // Who gives up a generation because somebody is lost closes its links as well: first it is known who.
  return { gone, toPing, broken: unanswered ? [] : broken, left: unanswered ? [] : left };
}

/** The process that the generation names; null where it has never been heard of, or is another by now. */
export function seenMember(view: ClusterView, member: GenerationMember): SeenWorker | null {
  const seen = view.workers.get(member.worker);
  return seen?.status.incarnation === member.incarnation ? seen : null;
}

const hasAnswered = (seen: SeenWorker | undefined, ping: number): boolean =>
  seen !== undefined && seen.status.ping >= ping;

function goneOf(now: Millis, view: ClusterView, member: GenerationMember): Gone | null {
  const { worker } = member;
  const seen = view.workers.get(worker);
  const heardAt = seen?.heardAt ?? view.since;
  const gone = (reason: string, since: Millis): Gone => ({ worker, reason, since });
  if (seen !== undefined && seen.status.incarnation !== member.incarnation) {
    return gone(`${worker} was started again`, heardAt);
  }
  if (seen?.status.phase === 'failed') return gone(`${worker} failed`, seen.movedAt);
  const silentFor = Math.round(now - heardAt);
  if (silentFor >= silenceTimeout) return gone(`${worker} was silent for ${silentFor} ms`, heardAt);
  const suspect = view.suspects.find((one) => one.worker === worker);
  if (suspect === undefined || hasAnswered(seen, suspect.ping)) return null;
  if (now - suspect.since < pingTimeout) return null;
  return gone(`${worker} closed its links and did not answer`, suspect.since);
}

/** What members of this very generation say of each other. */
function accusationsIn(view: ClusterView, record: GenerationRecord): Accusation[] {
  const members = new Set<string>(record.members.map(({ worker }) => worker));
  return record.members.flatMap((member) => {
    const seen = seenMember(view, member);
    if (seen === null || seen.status.trouble.length === 0) return [];
    // A planned change leaves its members in the generation before, whose links may break as well.
    const { generation } = seen.status;
    if (generation !== record.generation && generation !== view.trainedBy?.generation) return [];
    return seen.status.trouble
      .filter(({ worker }) => members.has(worker) && worker !== member.worker)
      .filter(({ worker, how }) => how !== 'unreachable' || isThere(view, record, worker))
      .map(({ worker, how }) => ({ by: member.worker, of: workerId(worker), how }));
  });
}

/** Whoever still copies, or must, cannot be reached yet: its own bounds hold for it. */
function isThere(view: ClusterView, record: GenerationRecord, worker: string): boolean {
  const status = view.workers.get(workerId(worker))?.status;
  if (status === undefined || status.phase === 'copying') return false;
  if (status.phase !== 'paused' || record.start?.kind !== 'state') return true;
  return samePosition(status.position, record.start.position);
}

/**
 * Members that have left the generation that they trained in: no process enters one twice, so another
 * must be formed.
 */
function haveLeft(view: ClusterView, record: GenerationRecord): WorkerId[] {
  if (record.start === null) return [];
  return record.members
    .filter((member) => {
      const seen = seenMember(view, member);
      return seen?.status.phase === 'paused' && seen.trainedIn === record.generation;
    })
    .map(({ worker }) => worker);
}

export const pairOf = (a: WorkerId, b: WorkerId): readonly [WorkerId, WorkerId] =>
  a < b ? [a, b] : [b, a];

/** Breaks of this look, each pair once. */
export function breaksOf(
  broken: readonly Accusation[],
  at: Millis,
  generation: number,
): LinkBreak[] {
  const pairs = new Map(broken.map(({ by, of }) => [pairOf(by, of).join(' '), pairOf(by, of)]));
  return [...pairs.values()].map((pair) => ({ pair, at, generation }));
}

/**
 * Whom to leave out: of a pair that breaks again, the one of whom more peers complain, else the one of
 * the higher rank; whoever is silent on its links although its process talks; and at once a newcomer
 * that cannot be reached, or cannot reach: those who trained without it need not try twice.
 *
 * @param isNew of a process that has never trained
 */
export function whomToLeaveOut(
  broken: readonly Accusation[],
  before: readonly LinkBreak[],
  members: readonly GenerationMember[],
  positionOf: (worker: WorkerId) => Position | null,
  isNew: (worker: WorkerId) => boolean = () => false,
): WorkerId[] {
  const complaints = (of: WorkerId): number =>
    new Set(broken.filter((one) => one.of === of).map(({ by }) => by)).size +
    before.filter(({ pair }) => pair.includes(of)).length;
  const rank = (of: WorkerId): number => members.findIndex(({ worker }) => worker === of);
  // Whoever is ahead stays, whatever is said of it: nothing that was committed may go with it.
  const lead = (a: WorkerId, b: WorkerId): number => ahead(positionOf(a), positionOf(b));
  const worse = (a: WorkerId, b: WorkerId): WorkerId =>
    (lead(b, a) || complaints(a) - complaints(b) || rank(a) - rank(b)) > 0 ? a : b;
  const out = new Set<WorkerId>();
  for (const { by, of, how } of broken) {
    if (out.has(by) || out.has(of)) continue;
    const mutual = broken.some((other) => other.by === of && other.of === by);
    const again = before.some(({ pair }) => pair.includes(by) && pair.includes(of));
    if (how === 'silent' && !mutual) out.add(lead(of, by) > 0 ? by : of);
    else if (how === 'unreachable' && isNew(by) !== isNew(of) && lead(by, of) === 0) {
      out.add(isNew(by) ? by : of);
    } else if (again) out.add(worse(by, of));
  }
  // Somebody must be left to train.
  return [...out].slice(0, members.length - 1);
}

/** Positive where `a` holds a newer state than `b`; nobody's is the oldest. */
function ahead(a: Position | null, b: Position | null): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  return comparePositions(a, b);
}
