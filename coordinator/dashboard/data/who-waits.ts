/** Where the time of the members goes, and who is waited for, from the newest lines of phases. */
import {
  type MemberTime,
  waitedFor,
  waitShare,
  wholeOf,
} from '../../../shared/history/waited-for.js';
import type { PhasesLine } from './api.js';

export interface ShownTime {
  readonly worker: string;
  readonly lanes: number;
  /** Seconds a step, by phase, the longest of all members first; waiting for peers is none of them. */
  readonly phases: readonly { readonly phase: string; readonly seconds: number }[];
  /** Seconds a step. */
  readonly wait: number;
  readonly total: number;
}

export interface TimesOfMembers {
  readonly members: readonly ShownTime[];
  /** Of all members, in the order of their seconds. */
  readonly phases: readonly string[];
  /** Null where nobody waits for anybody in particular. */
  readonly slowest: { readonly worker: string; readonly text: string } | null;
}

/** Lines of one generation that are put together: some ten seconds. */
const linesUsed = 5;
export function timesOf(lines: readonly PhasesLine[]): TimesOfMembers {
  const newest = lines.at(-1);
  if (newest === undefined) return { members: [], phases: [], slowest: null };
  const used = lines.filter(({ generation }) => generation === newest.generation).slice(-linesUsed);
  const steps = used.reduce((sum, line) => sum + line.steps, 0);
  const all = newest.members.map(({ worker, lanes }) => {
    const own = used.flatMap((line) => line.members.filter((one) => one.worker === worker));
    const sums = new Map<string, number>();
    for (const { phase_seconds } of own) {
      for (const [phase, seconds] of Object.entries(phase_seconds)) {
        sums.set(phase, (sums.get(phase) ?? 0) + seconds / steps);
      }
    }
    const wait = own.reduce((sum, one) => sum + one.wait_seconds, 0) / steps;
    const time: MemberTime = {
      worker,
      phaseSeconds: Object.fromEntries(sums),
      waitSeconds: wait,
    };
    const phases = [...sums].map(([phase, seconds]) => ({ phase, seconds }));
    const total = wholeOf(time);
    return { shown: { worker, lanes, phases, wait, total }, time };
  });
  const members = all.map(({ shown }) => shown);
  return {
    members,
    phases: phasesBySize(members),
    slowest: slowestOf(all.map(({ time }) => time)),
  };
}

function phasesBySize(members: readonly ShownTime[]): string[] {
  const sums = new Map<string, number>();
  for (const { phases } of members) {
    for (const { phase, seconds } of phases) sums.set(phase, (sums.get(phase) ?? 0) + seconds);
  }
  return [...sums].sort((a, b) => b[1] - a[1]).map(([phase]) => phase);
}

function slowestOf(times: readonly MemberTime[]): TimesOfMembers['slowest'] {
  const found = waitedFor(times);
  if (found === null) return null;
  const own = times.find(({ worker }) => worker === found.worker);
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  const text =
    `${found.worker} is waited for: the others wait ${percent(found.othersWait)} of each step, ` +
    `it waits ${percent(own === undefined ? 0 : waitShare(own))}`;
  return { worker: found.worker, text };
}
