/** Members that hold up a change of generation: each phase of it has a bound of its own. */
import type { WorkerId } from '../../shared/ids.js';
import type { GenerationRecord } from '../../shared/membership/generation-record.js';
import type { Millis } from '../../shared/units.js';
import type { ClusterView, SeenWorker } from './cluster-view.js';
import { seenMember } from './judge-members.js';
import { copyTimeout, linkTimeout, loadTimeout, pauseTimeout } from './limits.js';

export interface Late {
  readonly worker: WorkerId;
  readonly reason: string;
}

export function findLate(now: Millis, view: ClusterView): Late[] {
  const { record } = view;
  if (record === null) return [];
  return record.start === null ? lateToPause(now, view, record) : lateToTrain(now, view, record);
}

/** Stopped in this generation, with its position told. */
export const isPausedIn = ({ status }: SeenWorker, { generation }: GenerationRecord): boolean =>
  status.phase === 'paused' && status.generation === generation;

/**
 * It looks which checkpoint it can read, and every byte of it is compared. What the others have may be older: to
 * go on without it could cost all that it holds.
 */
export const looksIn = ({ status }: SeenWorker, { generation }: GenerationRecord): boolean =>
  status.phase === 'preparing' && status.generation === generation;

export const isTrainingIn = ({ status }: SeenWorker, { generation }: GenerationRecord): boolean =>
  (status.phase === 'training' || status.phase === 'finished') && status.generation === generation;

function lateToPause(now: Millis, view: ClusterView, record: GenerationRecord): Late[] {
  // No kernel is longer than a step, and it is the only thing that cannot be interrupted.
  const bound = pauseTimeout + 2 * (view.facts.longestStep ?? 0);
  if (now - view.formedAt < bound) return [];
  // Those that train go on until their step's end, or their evaluation's: others watch them.
  const trains = new Set(record.planned ? view.trainedBy?.workers : []);
  return record.members.flatMap((member) => {
    const seen = seenMember(view, member);
    if (seen === null || isPausedIn(seen, record) || trains.has(member.worker)) return [];
    if (!looksIn(seen, record)) {
      return { worker: member.worker, reason: `${member.worker} did not stop within ${bound} ms` };
    }
    if (now - view.formedAt < loadTimeout) return [];
    const reason = `${member.worker} did not find its checkpoints within ${loadTimeout} ms`;
    return { worker: member.worker, reason };
  });
}

function lateToTrain(now: Millis, view: ClusterView, record: GenerationRecord): Late[] {
  const members = record.members.flatMap((member) => seenMember(view, member) ?? []);
  const behind = members.filter((seen) => !isTrainingIn(seen, record));
  const fromState = record.start?.kind === 'state';
  const copyBound = fromState ? copyTimeout : loadTimeout;
  const copying = behind.filter(({ status }) => status.phase === 'copying');
  if (copying.length > 0) {
    return copying
      .filter(({ movedAt }) => now - Math.max(movedAt, view.startedAt ?? 0) >= copyBound)
      .map(({ worker }) => ({ worker, reason: `${worker} got nothing for ${copyBound} ms` }));
  }
  // They wait for each other: the bound begins when the last of them moved.
  const moved = Math.max(view.startedAt ?? view.formedAt, ...members.map(({ movedAt }) => movedAt));
  const bound = fromState ? linkTimeout : loadTimeout;
  if (now - moved < bound) return [];
  return behind.map(({ worker }) => ({
    worker,
    reason: `${worker} did not begin to train within ${bound} ms`,
  }));
}
