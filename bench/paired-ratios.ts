/**
 * Two programs measured in turns. Neighbours in time meet the same machine, so the ratio within a
 * pair says more than the ratio of two means on a machine that other work shares.
 */
import { median } from './median.js';

export interface Pair {
  /** Seconds of a step. */
  readonly first: number;
  readonly second: number;
}

export interface PairedRatios {
  /** first / second of each pair: less than one where the first is faster. */
  readonly ratios: readonly number[];
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function pairedRatios(pairs: readonly Pair[]): PairedRatios {
  const ratios = pairs.map(({ first, second }) => first / second);
  return {
    ratios,
    median: median(ratios),
    least: Math.min(...ratios),
    most: Math.max(...ratios),
  };
}

/** `step_seconds` of the last line that is a JSON object with one; null where none is. */
export function stepSecondsOf(output: string): number | null {
  for (const line of output.split('\n').reverse()) {
    const seconds = parsed(line)?.step_seconds;
    if (typeof seconds === 'number' && seconds > 0) return seconds;
  }
  return null;
}

function parsed(line: string): { step_seconds?: unknown } | null {
  try {
    return JSON.parse(line) as { step_seconds?: unknown } | null;
  } catch {
    // Whatever else a program prints.
    return null;
  }
}

export function pairsTable(pairs: readonly Pair[]): string {
  const { ratios, median: middle, least, most } = pairedRatios(pairs);
  const cell = (text: string): string => text.padStart(10);
  const row = (...cells: string[]): string => cells.map(cell).join('');
  const rows = pairs.map(({ first, second }, index) =>
    row(`${index + 1}`, first.toFixed(3), second.toFixed(3), (ratios[index] as number).toFixed(3)),
  );
  return [
    row('pair', 'A, s', 'B, s', 'A / B'),
    ...rows,
    `median of A / B: ${middle.toFixed(3)} (${least.toFixed(3)} to ${most.toFixed(3)})`,
  ].join('\n');
}
