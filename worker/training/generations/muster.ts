/** What members tell each other first: whether they go on from the same point, and what they know of it. */
import {
  comparePositions,
  type Position,
  positionText,
} from '../../../shared/membership/position.js';
import { tellAll } from '../../collective/tell-all.js';
import type { Held } from '../held/held.js';
import type { Membership } from './membership.js';

/** Members were sent into a generation with different states: none of them may train. */
export class MembersApartError extends Error {
  override readonly name = 'MembersApartError';
  readonly code = 'MEMBERS_DIFFER';

  constructor(own: Position, rank: number, other: Position) {
    super(
      `Cannot train together: this member holds the state of ${positionText(own)}: ` +
        `rank ${rank} holds that of ${positionText(other)}`,
    );
  }
}

export interface Mustered {
  /** Any member knows that all have agreed to stop. */
  readonly stopping: boolean;
  /** Committed steps of the newest checkpoint that any member knows of; -1 without one. */
  readonly checkpoint: number;
}

/** @throws MembersApartError */
export async function muster(membership: Membership, held: Held): Promise<Mustered> {
  const { exchange } = membership;
  const { committedSteps, collapses, settled } = held.position;
  const own = [
    ...halves(committedSteps),
    collapses,
    settled ? 1 : 0,
    held.stopping ? 1 : 0,
    ...halves((held.checkpoint?.committedSteps ?? -1) + 1),
  ];
  const told = await tellAll(exchange, membership.tag(committedSteps, 'muster'), own);
  const members = told.map(([high = 0, low = 0, rollBacks = 0, done, stop, up = 0, down = 0]) => ({
    position: { committedSteps: whole(high, low), collapses: rollBacks, settled: done === 1 },
    stopping: stop === 1,
    checkpoint: whole(up, down) - 1,
  }));
  members.forEach(({ position }, rank) => {
    if (comparePositions(position, held.position) !== 0) {
      throw new MembersApartError(held.position, rank, position);
    }
  });
  return {
    stopping: members.some(({ stopping }) => stopping),
    checkpoint: Math.max(...members.map(({ checkpoint }) => checkpoint)),
  };
}

/** A float32 holds whole numbers up to 2^24: two of them hold any step. */
const base = 2 ** 20;
const halves = (value: number): [number, number] => [Math.floor(value / base), value % base];
const whole = (high: number, low: number): number => high * base + low;
