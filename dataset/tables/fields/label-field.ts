/** Reads labels: whether an interaction was wanted. */
import { unlabelled } from '../../../shared/plan/plan-input.js';
import { parseNumber } from './number-field.js';

export interface LabelRule {
  /** Of the interactions. */
  readonly column: string;
  /** Wanted is what has at least this number; null where the column itself says 0 or 1. */
  readonly atLeast: number | null;
}

const longestWord = 5;
const words: ReadonlyMap<string, 0 | 1> = new Map([
  ['true', 1],
  ['false', 0],
]);

/**
 * 0, 1, or `unlabelled` for an empty field; NaN for a field that is no label.
 *
 * @param atLeast of the rule
 */
export function parseLabel(
  bytes: Uint8Array,
  start: number,
  end: number,
  atLeast: number | null,
): number {
  if (start === end) return unlabelled;
  const number = parseNumber(bytes, start, end);
  if (atLeast !== null) return Number.isNaN(number) ? number : Number(number >= atLeast);
  if (number === 0 || number === 1) return number === 1 ? 1 : 0;
  if (end - start > longestWord) return Number.NaN;
  const word = String.fromCharCode(...bytes.subarray(start, end)).toLowerCase();
  return words.get(word) ?? Number.NaN;
}

/** Completes "it should be ...". */
export const labelWords = ({ atLeast }: LabelRule): string =>
  atLeast === null
    ? '0, 1, true, false or nothing (a number becomes a label by --label-at-least)'
    : 'a number, or nothing';
