/** Learning rates that differ by parameter. */
import { JobSpecError } from '../../../shared/errors.js';
import type { ParameterLayout } from '../../model/parameters/parameter-layout.js';

export interface Multiplier {
  /** A parameter's name, in which `*` stands for any characters. */
  readonly match: string;
  /** Of the learning rate. */
  readonly factor: number;
}

/** A part of what trains, in floats. */
export interface RateRange {
  readonly start: number;
  readonly end: number;
  readonly factor: number;
}

type Layout = Pick<ParameterLayout, 'entries' | 'trainedLength'>;

/**
 * All that trains, in order, cut where the factor changes; one range where no multiplier is given. The
 * first multiplier that matches a parameter counts.
 */
export function rateRanges(
  { entries, trainedLength }: Layout,
  multipliers: readonly Multiplier[] = [],
): RateRange[] {
  const ranges: RateRange[] = [];
  for (const { name, offset } of entries) {
    if (offset >= trainedLength) break;
    const factor = multipliers.find(({ match }) => matches(match, name))?.factor ?? 1;
    const last = ranges.at(-1);
    if (last?.factor === factor) continue;
    if (last !== undefined) ranges[ranges.length - 1] = { ...last, end: offset };
    ranges.push({ start: offset, end: trainedLength, factor });
  }
  return ranges;
}

/**
 * @throws JobSpecError naming a multiplier that matches nothing that trains, or nothing that an earlier
 *   one has left: it would change nothing without a word.
 */
export function requireMatches(layout: Layout, multipliers: readonly Multiplier[] = []): void {
  const trained = layout.entries.filter(({ offset }) => offset < layout.trainedLength);
  let left = trained.map(({ name }) => name);
  const problems = multipliers.flatMap(({ match }) => {
    const isMatched = left.some((name) => matches(match, name));
    left = left.filter((name) => !matches(match, name));
    if (isMatched) return [];
    const found = trained.some(({ name }) => matches(match, name));
    const is = found ? 'matches only what an earlier one does' : 'matches none that trains';
    const message = `must match names of parameters: "${match}" ${is}; a name is ${trained[0]?.name}`;
    return [{ path: 'spec.optimizer.multipliers', message }];
  });
  if (problems.length > 0) throw new JobSpecError(problems);
}

/** Piece by piece, each as early as it can be: no pattern takes longer than its length times the name's. */
function matches(match: string, name: string): boolean {
  const [first = '', ...rest] = match.split('*');
  if (!name.startsWith(first)) return false;
  const last = rest.pop();
  if (last === undefined) return name === first;
  let at = first.length;
  for (const piece of rest) {
    const found = name.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return name.length >= at + last.length && name.endsWith(last);
}
