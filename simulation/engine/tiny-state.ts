/**
 * A model of eight words. What a step does to it is a hash over the users of each lane, added up
 * over the lanes: a sum of integers, which no order and no number of members changes. A lane that is
 * missing, counted twice, or of another step changes every later state.
 */
import type { Position } from '../../shared/membership/position.js';
import type { LanePlan } from '../../shared/plan/lane-plan.js';

export const wordCount = 8;

/** What is open behind a commit. */
export type Pending = 'look' | 'evaluate' | null;

export interface TinyState {
  readonly words: Uint32Array;
  committedSteps: number;
  collapses: number;
  pending: Pending;
  /** All members have agreed to stop after the step that was committed last. */
  stopping: boolean;
}

/** What is not in the words. */
type Header = Omit<TinyState, 'words'>;

function mixed(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export function firstState(seed: number): TinyState {
  const words = Uint32Array.from({ length: wordCount }, (_, at) => mixed(seed * 31 + at + 1));
  return { words, committedSteps: 0, collapses: 0, pending: null, stopping: false };
}

/** What one lane adds, from the state before the step. */
export function addLane(into: Uint32Array, { words }: TinyState, plan: LanePlan): void {
  let users = mixed(plan.step * 64 + plan.lane + 1);
  for (const user of plan.users) users = mixed(users ^ (user + 1));
  for (let at = 0; at < wordCount; at++) {
    into[at] = (into[at] as number) + mixed(users ^ (words[at] as number) ^ at);
  }
}

/** The optimizer's step. */
export function commitStep(state: TinyState, sums: Uint32Array): void {
  for (let at = 0; at < wordCount; at++) {
    state.words[at] = mixed((state.words[at] as number) ^ (sums[at] as number));
  }
  state.committedSteps++;
  state.pending = 'look';
}

/** Goes on from the first weights, otherwise than before: how often that happened is in them. */
export function rollBack(state: TinyState, seed: number): void {
  state.collapses++;
  state.words.set(firstState(seed + 1000 * state.collapses).words);
  state.pending = 'evaluate';
}

export const positionOf = ({ committedSteps, collapses, pending }: TinyState): Position => ({
  committedSteps,
  collapses,
  settled: pending === null,
});

/** In place of a SHA-256: all of the words. */
export const digestOf = ({ words }: Pick<TinyState, 'words'>): string =>
  Array.from(words, (word) => word.toString(16).padStart(8, '0')).join('');

export const copyOf = (state: TinyState): TinyState => ({ ...state, words: state.words.slice() });

export function headerOf({ words: _, ...header }: TinyState): string {
  return JSON.stringify(header satisfies Header);
}

export const stateOf = (header: string, words: Uint32Array): TinyState => ({
  ...(JSON.parse(header) as Header),
  words,
});
