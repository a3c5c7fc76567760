/**
 * How many lanes each member gets. Whatever the shares, the result is the same to the last bit: only
 * the time of a step depends on them.
 */
import { evenShares } from '../../../shared/plan/lane-ownership.js';
import { dealGain } from '../limits.js';

/** Almost equal counts, in rank order. */
export const sharesEvenly = (members: number, lanes: number): number[] => [
  ...evenShares(members, lanes).counts,
];

/**
 * Shares by which all members are done at about the same time: each further lane goes to the one that
 * would finish it first. Everyone gets one lane at least, as far as there are enough.
 *
 * @param speeds lanes a second of each member, by rank; null where it is not known: as the average
 */
export function sharesBySpeed(speeds: readonly (number | null)[], lanes: number): number[] {
  const known = speeds.filter((speed): speed is number => speed !== null && speed > 0);
  if (known.length === 0 || lanes < speeds.length) return sharesEvenly(speeds.length, lanes);
  const mean = known.reduce((sum, speed) => sum + speed, 0) / known.length;
  const of = speeds.map((speed) => (speed !== null && speed > 0 ? speed : mean));
  const counts = of.map(() => 1);
  for (let dealt = counts.length; dealt < lanes; dealt++) {
    const ends = counts.map((count, rank) => (count + 1) / (of[rank] as number));
    const soonest = ends.indexOf(Math.min(...ends));
    counts[soonest] = (counts[soonest] as number) + 1;
  }
  return counts;
}

/** Seconds of a step: the slowest member decides. */
const secondsOf = (counts: readonly number[], speeds: readonly number[]): number =>
  Math.max(...counts.map((count, rank) => count / (speeds[rank] as number)));

/**
 * Better shares for members whose speeds are all known; null where they would gain too little.
 *
 * @param counts lanes of each now, by rank
 */
export function betterShares(
  counts: readonly number[],
  speeds: readonly (number | null)[],
): number[] | null {
  const known = speeds.filter((speed): speed is number => speed !== null && speed > 0);
  if (known.length < counts.length || counts.length < 2) return null;
  const lanes = counts.reduce((sum, count) => sum + count, 0);
  const better = sharesBySpeed(known, lanes);
  const gain = 1 - secondsOf(better, known) / secondsOf(counts, known);
  return gain > dealGain ? better : null;
}
