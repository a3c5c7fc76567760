/** Whom a generation can be made of: its members as they are seen, who stands by, in the order of names. */
import type { WorkerId } from '../../shared/ids.js';
import type { GenerationRecord } from '../../shared/membership/generation-record.js';
import type { Millis } from '../../shared/units.js';
import type { ClusterView, SeenWorker, WorkersWanted } from './cluster-view.js';
import { type Gone, seenMember } from './judge-members.js';
import { silenceTimeout } from './limits.js';
import { otherSecrets } from './other-secrets.js';

/** Workers that can be made members, in the order of their names. */
export function standingBy(now: Millis, view: ClusterView): SeenWorker[] {
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

/** The members as they are seen, by rank; those that are not are left to `judgeMembers`. */
export const membersOf = (view: ClusterView, record: GenerationRecord): SeenWorker[] =>
  record.members.flatMap((member) => seenMember(view, member) ?? []);

export function spares(
  members: readonly SeenWorker[],
  standing: readonly SeenWorker[],
  wanted: WorkersWanted,
): SeenWorker[] {
  const known = new Set(members.map(({ worker }) => worker));
  const free = standing.filter(({ worker }) => !known.has(worker));
  return free.slice(0, Math.max(0, mostOf(wanted) - members.length));
}

/** Fewer do not train. */
export const leastOf = (wanted: WorkersWanted): number =>
  Math.max(1, Math.min(wanted.min, mostOf(wanted)));

export const mostOf = ({ max, lanes }: WorkersWanted): number => Math.min(max, lanes);

/** Those that could be members now or soon. */
export const thoseThatLive = (
  now: Millis,
  workers: ReadonlyMap<WorkerId, SeenWorker>,
): SeenWorker[] =>
  [...workers.values()].filter(
    ({ heardAt, status }) => status.phase !== 'failed' && now - heardAt < silenceTimeout,
  );

/** Where a leader has just begun: whoever lives says so within the silence that counts as gone. */
export function unheardOf(
  view: ClusterView,
  record: GenerationRecord,
  gone: readonly Gone[],
): WorkerId[] {
  const isGone = new Set(gone.map(({ worker }) => worker));
  return record.members
    .filter((member) => !isGone.has(member.worker) && seenMember(view, member) === null)
    .map(({ worker }) => worker);
}

/** Whether somebody opens its dataset and engine, and will stand by. */
export const prepares = (now: Millis, { workers }: ClusterView): boolean =>
  [...workers.values()].some(
    ({ status, heardAt }) => status.phase === 'preparing' && now - heardAt < silenceTimeout,
  );

/** Members of a generation whose record is lost: whatever removed it, they hold the state. */
export const orphans = (now: Millis, view: ClusterView): SeenWorker[] =>
  [...view.workers.values()].filter(
    ({ status, heardAt }) =>
      orphanPhases.has(status.phase) && !status.leaving && now - heardAt < silenceTimeout,
  );

const orphanPhases: ReadonlySet<string> = new Set(['paused', 'copying', 'training', 'finished']);

/** Whoever leaves as the last one holds the state until its checkpoint is written. */
export const membersThatWrite = (
  now: Millis,
  view: ClusterView,
  record: GenerationRecord,
): WorkerId[] =>
  [...view.workers.values()]
    .filter(
      ({ worker, status, heardAt }) =>
        status.leaving &&
        status.position !== null &&
        record.members.every((member) => member.worker !== worker) &&
        now - heardAt < silenceTimeout,
    )
    .map(({ worker }) => worker);

/** Somebody has done all steps: whoever came now would only hold up the evaluation. */
export const isEnding = (members: readonly SeenWorker[]): boolean =>
  members.some(({ status }) => status.phase === 'finished');

// Made once: `localeCompare` with options makes one for each pair of names.
const collator = new Intl.Collator('en', { numeric: true });

/** Numbers sort as numbers: worker-10 comes after worker-9. */
export const compareNames = (a: string, b: string): number =>
  collator.compare(a, b) || (a < b ? -1 : 1);
