/** What each worker does: its lanes, how much of the step it trains, and how fast, from the newest lines of phases. */
import { wholeOf } from '../../../shared/history/waited-for.js';
import type { PhasesLine } from './api.js';

export interface WorkerShare {
  readonly worker: string;
  /** The first one and the one behind the last; equal where it has none. */
  readonly lanes: { readonly start: number; readonly end: number };
  /** A second, of its own lanes; null where the lines do not tell it. */
  readonly work: {
    readonly users: number;
    readonly itemTokens: number;
    /** Useful operations, counted from shapes. */
    readonly flops: number;
    /** Of the operations of all. */
    readonly share: number;
  } | null;
}

export interface WorkOfAll {
  readonly generation: number | null;
  /** By rank. */
  readonly workers: readonly WorkerShare[];
  /** V. */
  readonly lanes: number;
  /** Useful operations a second; null where a worker does not tell them. */
  readonly flops: number | null;
}

/** Lines of one generation that are put together: some ten seconds. */
const linesUsed = 5;

export function workOf(lines: readonly PhasesLine[]): WorkOfAll {
  const newest = lines.at(-1);
  if (newest === undefined) return { generation: null, workers: [], lanes: 0, flops: null };
  const used = lines.filter(({ generation }) => generation === newest.generation).slice(-linesUsed);
  const rates = newest.members.map(({ worker }) => rateOf(worker, used));
  const known = rates.flatMap((rate) => (rate === null ? [] : [rate.flops]));
  const flops = known.length < rates.length ? null : known.reduce((total, rate) => total + rate, 0);
  let start = 0;
  const workers = newest.members.map(({ lanes, worker }, rank): WorkerShare => {
    const own = { start, end: start + lanes };
    start = own.end;
    const rate = rates[rank] ?? null;
    const share = rate === null || flops === null || flops === 0 ? null : rate.flops / flops;
    return {
      worker,
      lanes: own,
      work: rate === null || share === null ? null : { ...rate, share },
    };
  });
  return { generation: newest.generation, workers, lanes: start, flops };
}

function rateOf(worker: string, lines: readonly PhasesLine[]) {
  const own = lines.flatMap(({ members }) => members.filter((one) => one.worker === worker));
  const sums = { users: 0, itemTokens: 0, flops: 0, seconds: 0 };
  for (const { phase_seconds, wait_seconds, work } of own) {
    if (work === undefined) return null;
    sums.users += work.users;
    sums.itemTokens += work.item_tokens;
    sums.flops += work.flops;
    sums.seconds += wholeOf({ worker, phaseSeconds: phase_seconds, waitSeconds: wait_seconds });
  }
  if (sums.seconds <= 0) return null;
  const { users, itemTokens, flops, seconds } = sums;
  return { users: users / seconds, itemTokens: itemTokens / seconds, flops: flops / seconds };
}

const units = ['', 'k', 'M', 'G', 'T', 'P', 'E'] as const;

/** `1.2 TFLOP/s`. */
export function flopsText(value: number | null): string {
  if (value === null) return '–';
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  return `${(value / 1000 ** power).toPrecision(3)} ${units[power]}FLOP/s`;
}

/** `0–3`, `7`, or that there are none. */
export function laneText({ start, end }: WorkerShare['lanes']): string {
  if (end <= start) return 'none';
  return end - start === 1 ? `${start}` : `${start}–${end - 1}`;
}
