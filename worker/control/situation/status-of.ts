import type { Position } from '../../../shared/membership/position.js';
import type { Trouble, WorkerPhase } from '../../../shared/messages/cluster/from-worker.js';
import type { Situation, Worker } from './worker-situation.js';

/** The part of a worker's status that follows from where it stands. */
export interface StandingStatus {
  readonly phase: WorkerPhase;
  readonly fence: number;
  readonly generation: number | null;
  readonly position: Position | null;
  readonly leaving: boolean;
  readonly trouble: Trouble[];
}

export function statusOf({ situation, known }: Worker): StandingStatus {
  const generation = generationOf(situation) ?? known.newest?.generation ?? null;
  return {
    phase: phases[situation.kind],
    fence: known.fence,
    generation,
    position: known.position,
    leaving: known.leavingSince !== null,
    trouble: known.troubled === generation ? [...known.trouble] : [],
  };
}

const phases: Readonly<Record<Situation['kind'], WorkerPhase>> = {
  idle: 'preparing',
  joining: 'preparing',
  'warming-up': 'preparing',
  'standing-by': 'standing-by',
  looking: 'preparing',
  paused: 'paused',
  loading: 'paused',
  copying: 'copying',
  linking: 'paused',
  training: 'training',
  // Until its thread has left: only then does it know its position.
  withdrawing: 'training',
  fenced: 'training',
  draining: 'paused',
  finished: 'finished',
  failed: 'failed',
  over: 'failed',
};

/** That it is in, or for which it has given up its older ones; null where it is in none. */
export function generationOf(situation: Situation): number | null {
  switch (situation.kind) {
    case 'linking':
    case 'training':
      return situation.record.generation;
    case 'looking':
    case 'paused':
    case 'loading':
    case 'copying':
    case 'withdrawing':
    case 'fenced':
      return situation.generation;
    default:
      return null;
  }
}
