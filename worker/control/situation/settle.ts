/**
 * What follows from all that a worker knows, one change at a time; null where nothing follows. It is
 * asked after every fact and at every tick, and looks at levels, never at edges.
 */
import { exitCodes } from '../../../shared/exit-codes.js';
import { type Millis, millis } from '../../../shared/units.js';
import { settleLeaving } from './leaving.js';
import {
  copyStallLimit,
  leaderlessLimit,
  leaveLimit,
  leaveNoticeAfter,
  loadLimit,
  wishInterval,
} from './limits.js';
import {
  isMember,
  type Outcome,
  of,
  to,
  toOver,
  toPaused,
  withdraw,
  withKnown,
} from './outcome.js';
import { settlePrepared } from './preparing.js';
import { startFrom } from './start-from.js';
import { settleWarmUp, warmUp } from './warm-up.js';
import type { Situation, Worker } from './worker-situation.js';

export function settle(worker: Worker, now: Millis): Outcome | null {
  const { situation } = worker;
  if (situation.kind === 'over') return null;
  return (
    settleEnd(worker, now) ??
    settleLingering(worker) ??
    settlePrepared(worker) ??
    settleLeaving(worker, now) ??
    settleSituation(worker, now)
  );
}

/**
 * Links that it keeps behind a planned border are closed once all members have come to it: the
 * generation behind it has its start. Where it has none and is planned no more, nobody gets there.
 */
function settleLingering(worker: Worker): Outcome | null {
  const { lingering, newest } = worker.known;
  if (lingering === null || newest === null || newest.generation <= lingering) return null;
  if (newest.planned && newest.start === null) return null;
  return of(withKnown(worker, { lingering: null }), [
    { kind: 'drop-links', generation: lingering },
  ]);
}

/** What ends a worker wherever it stands. */
function settleEnd(worker: Worker, now: Millis): Outcome | null {
  const { situation, known } = worker;
  if (situation.kind === 'failed') {
    return known.over !== null || now >= situation.until ? toOver(worker, situation.end) : null;
  }
  if (known.over !== null) return toOver(worker, endOf(known.over, situation));
  const silentFor = now - known.heardAt;
  if (silentFor < leaderlessLimit) return null;
  const reason = `nobody has led the run for ${Math.round(silentFor / 1000)} s`;
  return toOver(worker, { code: exitCodes.lost, reason });
}

function endOf(over: NonNullable<Worker['known']['over']>, situation: Situation) {
  const { kind, reason } = over;
  // Nothing is left to do for whoever would be started in its place.
  if (kind === 'failed') {
    return { code: exitCodes.training, reason: `the run has failed: ${reason}` };
  }
  const stopped = kind === 'stopped' || (situation.kind === 'finished' && situation.stopped);
  return { code: stopped ? exitCodes.stopped : exitCodes.success, reason };
}

function settleSituation(worker: Worker, now: Millis): Outcome | null {
  const { situation } = worker;
  switch (situation.kind) {
    case 'joining':
      return now < situation.until ? null : tooLate(worker, 'its dataset and engine did not open');
    case 'warming-up':
      return settleWarmUp(worker, situation, now);
    case 'standing-by':
      return follow(worker) ?? warmUp(worker, now);
    case 'finished':
      return settleFinished(worker, situation, now);
    case 'paused':
      return settlePaused(worker, situation, now);
    case 'looking':
      if (isBehind(worker, situation.generation) || isCopied(worker)) return follow(worker);
      return now < situation.until ? null : tooLate(worker, 'its checkpoints were not found');
    case 'loading':
      return now < situation.until ? null : tooLate(worker, 'its checkpoint was not read');
    case 'copying':
      return settleCopying(worker, situation, now);
    case 'linking':
      return settleLinking(worker, situation, now);
    case 'training':
      return settleTraining(worker, situation, now);
    case 'withdrawing':
    case 'fenced':
      return settleWithdrawal(worker, situation, now);
    default:
      return null;
  }
}

type In<Kind extends Situation['kind']> = Extract<Situation, { kind: Kind }>;

const isBehind = ({ known }: Worker, generation: number): boolean =>
  known.newest !== null && known.newest.generation > generation;

/** To where the newest generation wants it. */
function follow(worker: Worker, actions: Outcome['actions'] = []): Outcome | null {
  const { newest } = worker.known;
  const { kind } = worker.situation;
  if (newest !== null && isMember(worker)) return toPaused(worker, newest.generation, {}, actions);
  return kind === 'standing-by' ? null : to(worker, { kind: 'standing-by' }, actions);
}

/** Another member was lost before it had finished: whoever has goes along once more. */
function settleFinished(worker: Worker, situation: In<'finished'>, now: Millis): Outcome | null {
  const { generation, hasLeft } = situation;
  // Also where they go on without it: it can be taken in again, with the state that it holds.
  if (!isBehind(worker, generation)) return null;
  return hasLeft ? follow(worker) : withdraw(worker, generation, 'others have not finished', now);
}

function settlePaused(worker: Worker, situation: In<'paused'>, now: Millis): Outcome | null {
  const { newest, entered } = worker.known;
  if (newest === null || isBehind(worker, situation.generation)) return follow(worker);
  // Its leader chooses the start by what everyone can read now, not by what there was long ago.
  if (needsLook(worker, newest.generation)) {
    const until = millis(now + loadLimit);
    const { generation } = situation;
    return to(worker, { kind: 'looking', generation, until }, [{ kind: 'look' }]);
  }
  const isOver = entered !== null && newest.generation <= entered;
  if (isOver || newest.start === null) return null;
  if (situation.retryAt !== null && now < situation.retryAt) return null;
  return startFrom(worker, situation, newest, now);
}

const needsLook = (worker: Worker, generation: number): boolean =>
  worker.known.position === null && worker.known.looked !== generation && !isCopied(worker);

/** Its generation starts from a state that others hold: whatever it could read is of no use. */
const isCopied = ({ known }: Worker): boolean => known.newest?.start?.kind === 'state';

function settleCopying(worker: Worker, situation: In<'copying'>, now: Millis): Outcome | null {
  const { copy, generation, holder, tried, movedAt } = situation;
  const cancel = [{ kind: 'cancel-copy', copy } as const];
  if (isBehind(worker, generation)) return follow(worker, cancel);
  if (now - movedAt < copyStallLimit) return null;
  return toPaused(worker, generation, { tried: [...tried, holder] }, cancel);
}

function settleLinking(worker: Worker, { record, until }: In<'linking'>, now: Millis) {
  const { generation } = record;
  const drop = [{ kind: 'drop-links', generation } as const];
  if (isBehind(worker, generation)) return follow(worker, drop);
  return now < until ? null : toPaused(worker, generation, {}, drop);
}

function settleTraining(worker: Worker, situation: In<'training'>, now: Millis): Outcome | null {
  const { newest, stopping } = worker.known;
  const { record, change, stopTold } = situation;
  if (newest !== null && isBehind(worker, change ?? record.generation)) {
    const follows = newest.generation === (change ?? record.generation) + 1;
    if (!newest.planned || !follows || newest.start !== null) {
      return withdraw(worker, record.generation, `generation ${newest.generation} has begun`, now);
    }
    const { generation } = newest;
    return to(worker, { ...situation, change: generation }, [{ kind: 'change', generation }]);
  }
  // Others went on past a planned border while this one still trains before it.
  if (change !== null && newest?.start !== null) {
    return withdraw(worker, record.generation, `generation ${change} goes on`, now);
  }
  if (stopping && !stopTold) {
    return to(worker, { ...situation, stopTold: true }, [{ kind: 'stop-training' }]);
  }
  return settlePause(worker, situation) ?? settleWish(worker, situation, now);
}

/** The wait for a plan that was not published is no part of any step. */
function settlePause(worker: Worker, situation: In<'training'>): Outcome | null {
  const { paused } = worker.known;
  if (situation.stands === paused) return null;
  return to(worker, { ...situation, stands: paused }, [{ kind: 'tell-pause', paused }]);
}

/** Said again where no checkpoint has come of it: one may have been refused publication. */
function settleWish(worker: Worker, situation: In<'training'>, now: Millis): Outcome | null {
  const { known, self } = worker;
  const { record, wishTold } = situation;
  const steps = known.checkpointWish;
  if (record.writer !== self.worker) return null;
  if (steps === null)
    return wishTold === null ? null : to(worker, { ...situation, wishTold: null });
  if (wishTold?.steps === steps && now - wishTold.at < wishInterval) return null;
  const told = { steps, at: now };
  return to(worker, { ...situation, wishTold: told }, [{ kind: 'write-checkpoint', steps }]);
}

function settleWithdrawal(
  worker: Worker,
  situation: In<'withdrawing'> | In<'fenced'>,
  now: Millis,
): Outcome | null {
  const kind = isMember(worker) ? 'withdrawing' : 'fenced';
  if (kind !== situation.kind) return to(worker, { ...situation, kind });
  const waited = now - situation.since;
  const text = `its training thread has not left generation ${situation.generation} for ${Math.round(waited / 1000)} s`;
  if (waited >= leaveLimit) {
    const end = { code: exitCodes.lost, reason: text };
    return to(worker, { kind: 'over', end }, [{ kind: 'kill', reason: text }]);
  }
  if (waited < leaveNoticeAfter || situation.noticed) return null;
  return to(worker, { ...situation, noticed: true }, [{ kind: 'notice', text }]);
}

function tooLate(worker: Worker, what: string): Outcome {
  return toOver(worker, { code: exitCodes.lost, reason: `${what} in time` });
}
