/**
 * A generation that is planned begins at the end of a step. Its members make its links and read its plans
 * while the one before trains, so that the border itself is short; where that comes to nothing, all of it
 * is done at the border.
 */
import { isMember, type Outcome, of, withKnown } from './outcome.js';
import type { Worker } from './worker-situation.js';

export function settlePrepared(worker: Worker): Outcome | null {
  const { newest, prepared } = worker.known;
  if (newest === null) return null;
  const { generation } = newest;
  if (prepared !== null && (prepared < generation || !isMember(worker))) {
    return of(withKnown(worker, { prepared: null }), [
      { kind: 'forget-generation', generation: prepared },
    ]);
  }
  if (prepared !== null || !newest.planned || newest.start !== null || !isMember(worker))
    return null;
  if (!isOnItsWay(worker, generation)) return null;
  return of(withKnown(worker, { prepared: generation }), [
    { kind: 'prepare-generation', record: newest },
  ]);
}

/** It will come to the border of this generation, or stands there. */
function isOnItsWay({ situation, known: { entered } }: Worker, generation: number): boolean {
  if (entered !== null && entered >= generation) return false;
  switch (situation.kind) {
    case 'training':
      return situation.change === generation;
    case 'looking':
    case 'paused':
      return situation.generation === generation;
    default:
      return false;
  }
}
