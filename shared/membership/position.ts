/**
 * Where a state of training stands. Whoever holds a state of an equal position holds the same bits,
 * with the same best evaluation and the same memory of the guard: so any of them can be copied.
 */
import { z } from 'zod';

export const position = z.strictObject({
  committedSteps: z.int().min(0),
  /** Roll-backs of the guard so far: each replaces the weights and keeps the committed steps. */
  collapses: z.int().min(0),
  /** What follows a commit is done: the guard's look, the evaluation, the border of a stage. */
  settled: z.boolean(),
});

export type Position = Readonly<z.infer<typeof position>>;

/** Of the seed's weights. */
export const firstPosition: Position = { committedSteps: 0, collapses: 0, settled: true };

/** Negative where `a` is behind `b`. */
export const comparePositions = (a: Position, b: Position): number =>
  a.committedSteps - b.committedSteps ||
  a.collapses - b.collapses ||
  Number(a.settled) - Number(b.settled);

export const samePosition = (a: Position | null, b: Position | null): boolean =>
  a === null || b === null ? a === b : comparePositions(a, b) === 0;

/** The farthest of them; null where nobody has any. */
export function farthest(positions: readonly (Position | null)[]): Position | null {
  return positions.reduce(
    (best, next) =>
      next !== null && (best === null || comparePositions(next, best) > 0) ? next : best,
    null,
  );
}

export const positionText = ({ committedSteps, collapses, settled }: Position): string =>
  `step ${committedSteps}${collapses === 0 ? '' : `, roll-back ${collapses}`}` +
  (settled ? '' : ' (what follows it is open)');
