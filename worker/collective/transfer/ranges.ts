/** The sections of a state, cut into numbered ranges; what two states differ in. */
import { rangeBytes } from './limits.js';

export interface Range {
  readonly section: number;
  readonly begin: number;
  readonly end: number;
}

/** @param lengths of the sections, in bytes. */
export function rangesOf(lengths: readonly number[]): Range[] {
  return lengths.flatMap((length, section) =>
    Array.from({ length: Math.ceil(length / rangeBytes) }, (_, index) => ({
      section,
      begin: index * rangeBytes,
      end: Math.min(length, (index + 1) * rangeBytes),
    })),
  );
}

/** Numbers of the ranges whose digests are not the wanted ones. */
export const differing = (wanted: readonly string[], held: readonly string[]): number[] =>
  wanted.flatMap((digest, number) => (digest === held[number] ? [] : [number]));
