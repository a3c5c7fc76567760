import { membersMax } from '../../../shared/limits.js';
import type { Trouble } from '../../../shared/messages/cluster/from-worker.js';
import type { Millis } from '../../../shared/units.js';
import type { Action } from './worker-event.js';
import type { Known, Situation, Worker, WorkerEnd } from './worker-situation.js';

export interface Outcome {
  readonly worker: Worker;
  /** In the order in which they must be done. */
  readonly actions: readonly Action[];
}

export const of = (worker: Worker, actions: readonly Action[] = []): Outcome => ({
  worker,
  actions,
});

export const to = (
  worker: Worker,
  situation: Situation,
  actions: readonly Action[] = [],
): Outcome => of({ ...worker, situation }, actions);

export const withKnown = (worker: Worker, known: Partial<Known>): Worker => ({
  ...worker,
  known: { ...worker.known, ...known },
});

export const toPaused = (
  worker: Worker,
  generation: number,
  { retryAt = null, tried = [] }: { retryAt?: Millis | null; tried?: readonly string[] } = {},
  actions: readonly Action[] = [],
): Outcome => to(worker, { kind: 'paused', generation, retryAt, tried }, actions);

export const toOver = (worker: Worker, end: WorkerEnd): Outcome =>
  to(worker, { kind: 'over', end }, [{ kind: 'revoke-permit' }, { kind: 'end', end }]);

/** A peer's newest trouble; that of older generations is over with them. */
export function noteTrouble(worker: Worker, generation: number, trouble: Trouble): Worker {
  const { troubled, trouble: before } = worker.known;
  const others =
    troubled === generation ? before.filter(({ worker: name }) => name !== trouble.worker) : [];
  return withKnown(worker, {
    troubled: generation,
    trouble: [...others, trouble].slice(-membersMax),
  });
}

/** Is the process a member of the newest generation? */
export function isMember({ self, known }: Worker): boolean {
  return (
    known.newest?.members.some(
      ({ worker, incarnation }) => worker === self.worker && incarnation === self.incarnation,
    ) ?? false
  );
}

/** Gives up a generation at once; the permit first, so that nothing is published of what follows. */
export function withdraw(worker: Worker, generation: number, reason: string, now: Millis): Outcome {
  const kind = isMember(worker) ? 'withdrawing' : 'fenced';
  return to(worker, { kind, generation, since: now, noticed: false }, [
    { kind: 'revoke-permit' },
    { kind: 'drop-links', generation },
    { kind: 'abort-training', generation, reason },
  ]);
}
