/**
 * A worker that is asked to end stays until others go on without it, so that nothing is lost and no
 * step is aborted. Where nobody takes over, it writes down what it holds.
 */
import { exitCodes } from '../../../shared/exit-codes.js';
import type { WorkerId } from '../../../shared/ids.js';
import type { Millis } from '../../../shared/units.js';
import { handOverShare, leaderPatience, staleLook, successorPatience } from './limits.js';
import { isMember, type Outcome, to, toOver, withdraw } from './outcome.js';
import type { Worker } from './worker-situation.js';

export function settleLeaving(worker: Worker, now: Millis): Outcome | null {
  const { known, self, situation } = worker;
  if (known.leavingSince === null) return null;
  const waited = now - known.leavingSince;
  if (waited >= self.grace) {
    const reason = `asked to end, it was still "${situation.kind}" after ${Math.round(waited)} ms`;
    return toOver(worker, { code: exitCodes.lost, reason });
  }
  const isWaiting = !isAlone(worker) || writerOfLast(worker) !== null;
  const patience = isWaiting ? self.grace * handOverShare : successorPatience;
  const isLeft = isLeaderless(known, known.leavingSince, now);
  const isLate = isLeft || waited >= Math.min(patience, self.grace * handOverShare);
  switch (situation.kind) {
    case 'training':
      return isLate ? withdraw(worker, situation.record.generation, 'it leaves', now) : null;
    case 'withdrawing':
    case 'fenced':
    case 'draining':
    case 'failed':
      return null;
    case 'finished':
      return leave(worker, 'its work is done');
    case 'idle':
    case 'joining':
      return leave(worker, 'it had not begun');
    default:
      return leaveCalm(worker, isLate);
  }
}

/** Whoever is cut off from the bus cannot know: it waits for longer. */
function isLeaderless(known: Worker['known'], leavingSince: Millis, now: Millis): boolean {
  if (now - Math.max(leavingSince, known.heardAt) < leaderPatience) return false;
  return known.logRead !== null && now - known.logRead.askedAt <= staleLook;
}

/** The run is not over: whoever keeps this process must not take its work for done. */
const leave = (worker: Worker, why: string): Outcome =>
  toOver(worker, { code: exitCodes.stopped, reason: `asked to end: ${why}` });

/** No other member could go on. */
const isAlone = ({ known, self }: Worker): boolean =>
  known.newest?.members.every(({ worker }) => worker === self.worker) ?? true;

/** Another one of those who leave, who writes down what all of them hold; null where nobody else does. */
function writerOfLast({ known: { newest }, self }: Worker): WorkerId | null {
  if (newest === null || newest.members.length > 0) return null;
  return newest.writer === self.worker ? null : newest.writer;
}

/** Nothing of it is under way. */
function leaveCalm(worker: Worker, isLate: boolean): Outcome | null {
  const { logRead, newest, position } = worker.known;
  const holds = position !== null && position.committedSteps > 0;
  if (!holds && !isMember(worker)) return leave(worker, 'it holds nothing');
  const goesOn = newest !== null && !isMember(worker) && newest.start !== null;
  if (goesOn) return leave(worker, `generation ${newest.generation} goes on without it`);
  const named = logRead?.generation ?? null;
  if (newest !== null && named !== null && named > newest.generation) {
    return leave(worker, `generation ${named} goes on without it`);
  }
  const isLast = newest !== null && !isMember(worker) && newest.members.length === 0;
  if (!isLast && !isLate) return null;
  if (holds && (worker.known.checkpointSteps ?? 0) >= position.committedSteps) {
    return leave(worker, 'its state is in a checkpoint');
  }
  // One of them writes it down for all; where it does not come to that, each does.
  if (writerOfLast(worker) !== null && !isLate) return null;
  return holds ? save(worker) : leave(worker, 'nobody has taken over, and it holds nothing');
}

function save(worker: Worker): Outcome {
  return to(worker, { kind: 'draining' }, [{ kind: 'save' }]);
}
