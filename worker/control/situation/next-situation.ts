/**
 * The one decision of a worker: from where it stands and what it hears to where it stands then and
 * what is to be done. First the fact is noted, then whatever follows from all that is known is done
 * step by step: so a fact that is lost, doubled or late changes nothing but the time.
 */
import { exitCodes } from '../../../shared/exit-codes.js';
import { positionText } from '../../../shared/membership/position.js';
import { type Millis, millis } from '../../../shared/units.js';
import { hearLead } from './hear-lead.js';
import { farewellLimit, prepareLimit, retryInterval } from './limits.js';
import {
  noteTrouble,
  type Outcome,
  of,
  to,
  toOver,
  toPaused,
  withdraw,
  withKnown,
} from './outcome.js';
import { settle } from './settle.js';
import { generationOf } from './status-of.js';
import type { Action, WorkerEvent } from './worker-event.js';
import type { Worker } from './worker-situation.js';

/** More changes than these follow from no fact: a defect, found by tests and not by a busy loop. */
const changesMax = 16;

export function next(worker: Worker, event: WorkerEvent, now: Millis): Outcome {
  if (worker.situation.kind === 'over') return of(worker);
  let { worker: current, actions } = take(worker, event, now);
  const all: Action[] = [...actions];
  for (let changes = 0; changes < changesMax; changes++) {
    const settled = settle(current, now);
    if (settled === null) return of(current, all);
    ({ worker: current, actions } = settled);
    all.push(...actions);
  }
  throw new Error(`A worker cannot come to rest: it is "${current.situation.kind}"`);
}

/** Notes a fact. What follows from it is said by `settle`. */
function take(worker: Worker, event: WorkerEvent, now: Millis): Outcome {
  const { situation } = worker;
  switch (event.kind) {
    case 'lead':
      return hearLead(worker, event.lead, now);
    case 'log-read': {
      const { askedAt, end } = event;
      const over = end.over ?? worker.known.over;
      return of(withKnown(worker, { over, logRead: { askedAt, generation: end.generation } }));
    }
    case 'run-found':
      if (situation.kind !== 'idle') return of(worker);
      return to(worker, { kind: 'joining', until: millis(now + prepareLimit) }, [
        { kind: 'prepare' },
      ]);
    case 'opened':
      if (situation.kind !== 'joining') return of(worker);
      return to(worker, { kind: 'standing-by' });
    case 'warmed':
      return situation.kind === 'warming-up' ? to(worker, { kind: 'standing-by' }) : of(worker);
    case 'looked':
      if (situation.kind !== 'looking') return of(worker);
      return toPaused(withKnown(worker, { looked: situation.generation }), situation.generation);
    case 'saved':
      if (situation.kind !== 'draining') return of(worker);
      return toDrained(worker, event.isWritten);
    case 'failed': {
      if (situation.kind === 'failed') return of(worker);
      const { end } = event;
      const until = millis(now + farewellLimit);
      return to(worker, { kind: 'failed', end, until }, [{ kind: 'revoke-permit' }]);
    }
    case 'failure-heard':
      return situation.kind === 'failed' ? toOver(worker, situation.end) : of(worker);
    case 'drain':
      return of(withKnown(worker, { leavingSince: worker.known.leavingSince ?? now }));
    case 'abort':
      return toOver(worker, { code: exitCodes.lost, reason: event.reason });
    case 'woke':
      return of(withKnown(worker, { wokeAt: now }), [{ kind: 'revoke-permit' }]);
    case 'tick':
      return of(worker);
    case 'loaded':
    case 'moved':
    case 'left':
    case 'finished':
      return takeFromThread(worker, event);
    case 'linked':
    case 'link-trouble':
      return takeFromLinks(worker, event, now);
    default:
      return takeFromCopy(worker, event, now);
  }
}

function toDrained(worker: Worker, isWritten: boolean): Outcome {
  const { checkpointSteps, position } = worker.known;
  const reason = isWritten
    ? 'drained: its state is in a checkpoint'
    : `drained: its state (${position === null ? 'none' : positionText(position)}) is in no checkpoint, ` +
      `and the steps behind ${checkpointSteps ?? 0} are trained again`;
  const actions: Action[] = isWritten ? [] : [{ kind: 'notice', text: reason }];
  const { worker: over, actions: last } = toOver(worker, { code: exitCodes.stopped, reason });
  return of(over, [...actions, ...last]);
}

type Of<Kind extends WorkerEvent['kind']> = Extract<WorkerEvent, { kind: Kind }>;

function takeFromThread(
  worker: Worker,
  event: Of<'loaded' | 'moved' | 'left' | 'finished'>,
): Outcome {
  const { situation } = worker;
  switch (event.kind) {
    case 'loaded':
      if (situation.kind !== 'loading') return of(worker);
      return toPaused(withKnown(worker, { position: event.position }), situation.generation);
    case 'moved':
      return of(withKnown(worker, { position: event.position }));
    case 'finished':
      if (situation.kind !== 'training' || situation.record.generation !== event.generation) {
        return of(worker);
      }
      return to(worker, { ...event, hasLeft: false });
    case 'left': {
      const { generation, position } = event;
      if (generation !== worker.known.entered) return of(worker);
      const known = withKnown(worker, { position });
      if (situation.kind === 'finished') return to(known, { ...situation, hasLeft: true });
      if (generationOfThread(worker) !== generation) return of(known);
      return event.planned === true
        ? toPaused(withKnown(known, { lingering: generation }), generation)
        : toPaused(known, generation, {}, [{ kind: 'drop-links', generation }]);
    }
  }
}

/** In which its thread is, or was when this was last heard. */
function generationOfThread({ situation }: Worker): number | null {
  switch (situation.kind) {
    case 'training':
      return situation.record.generation;
    case 'withdrawing':
    case 'fenced':
      return situation.generation;
    default:
      return null;
  }
}

function takeFromLinks(worker: Worker, event: Of<'linked' | 'link-trouble'>, now: Millis): Outcome {
  const { situation } = worker;
  if (generationOf(situation) !== event.generation) return of(worker);
  if (situation.kind !== 'linking' && situation.kind !== 'training') {
    // The thread may have left before its links have said why: the leader must know whom they miss.
    return of(
      event.kind === 'linked' ? worker : noteTrouble(worker, event.generation, event.trouble),
    );
  }
  const { record } = situation;
  if (event.kind === 'linked') {
    if (situation.kind === 'training') return of(worker);
    const entered = withKnown(worker, {
      entered: record.generation,
      prepared: null,
      trouble: [],
    });
    const untold = { change: null, stopTold: false, wishTold: null, stands: false };
    return to(entered, { kind: 'training', record, ...untold }, [
      { kind: 'renew-permit', generation: record.generation, fence: worker.known.fence },
      { kind: 'enter', record },
    ]);
  }
  const troubled = noteTrouble(worker, record.generation, event.trouble);
  const { worker: name, how } = event.trouble;
  if (situation.kind === 'training') {
    return withdraw(troubled, record.generation, `the link with ${name} is ${how}`, now);
  }
  const { generation } = record;
  return toPaused(troubled, generation, { retryAt: millis(now + retryInterval) }, [
    { kind: 'drop-links', generation },
  ]);
}

function takeFromCopy(
  worker: Worker,
  event: Of<'copy-moved' | 'copied' | 'copy-failed'>,
  now: Millis,
): Outcome {
  const { situation } = worker;
  if (situation.kind !== 'copying' || situation.copy !== event.copy) return of(worker);
  const { generation, holder, tried } = situation;
  switch (event.kind) {
    case 'copy-moved':
      return of({ ...worker, situation: { ...situation, movedAt: now } });
    case 'copied':
      return toPaused(withKnown(worker, { position: event.position }), generation);
    case 'copy-failed': {
      const retryAt = millis(now + retryInterval);
      if (event.early) return toPaused(worker, generation, { retryAt, tried });
      const trouble = { worker: holder, how: 'unreachable' as const, detail: event.detail };
      const troubled = noteTrouble(worker, generation, trouble);
      return toPaused(troubled, generation, { retryAt, tried: [...tried, holder] });
    }
  }
}
