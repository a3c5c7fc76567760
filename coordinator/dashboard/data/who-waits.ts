/** Where the time of the members goes, and who is waited for, from the newest lines of phases. */
import type { PhasesLine } from './api.js';

export interface MemberTime {
  readonly worker: string;
  readonly lanes: number;
  /** Seconds a step, by phase, the longest of all members first; waiting for peers is none of them. */
  readonly phases: readonly { readonly phase: string; readonly seconds: number }[];
  /** Seconds a step. */
  readonly wait: number;
  readonly total: number;
}

export interface TimesOfMembers {
  readonly members: readonly MemberTime[];
  /** Of all members, in the order of their seconds. */
  readonly phases: readonly string[];
  /** Null where nobody waits for anybody in particular. */
  readonly slowest: { readonly worker: string; readonly text: string } | null;
}

/** Lines of one generation that are put together: some ten seconds. */
const linesUsed = 5;
/** Shares of a step that the others wait: less is everyday unevenness. */
const noticeable = 0.15;

export function timesOf(lines: readonly PhasesLine[]): TimesOfMembers {
  const newest = lines.at(-1);
  if (newest === undefined) return { members: [], phases: [], slowest: null };
  const used = lines.filter(({ generation }) => generation === newest.generation).slice(-linesUsed);
  const steps = used.reduce((sum, line) => sum + line.steps, 0);
  const members = newest.members.map(({ worker, lanes }) => {
    const own = used.flatMap((line) => line.members.filter((one) => one.worker === worker));
    const sums = new Map<string, number>();
    for (const { phase_seconds } of own) {
      for (const [phase, seconds] of Object.entries(phase_seconds)) {
        sums.set(phase, (sums.get(phase) ?? 0) + seconds / steps);
      }
    }
    const wait = own.reduce((sum, one) => sum + one.wait_seconds, 0) / steps;
    const phases = [...sums].map(([phase, seconds]) => ({ phase, seconds }));
    const total = phases.reduce((sum, { seconds }) => sum + seconds, 0);
    return { worker, lanes, phases, wait, total };
  });
  return { members, phases: phasesBySize(members), slowest: slowestOf(members) };
}

function phasesBySize(members: readonly MemberTime[]): string[] {
  const sums = new Map<string, number>();
  for (const { phases } of members) {
    for (const { phase, seconds } of phases) sums.set(phase, (sums.get(phase) ?? 0) + seconds);
  }
  return [...sums].sort((a, b) => b[1] - a[1]).map(([phase]) => phase);
}

/** Whoever waits least is waited for, if the others wait long. */
function slowestOf(members: readonly MemberTime[]): TimesOfMembers['slowest'] {
  if (members.length < 2) return null;
  const sorted = [...members].sort((a, b) => a.wait - b.wait);
  const [least, ...others] = sorted as [MemberTime, ...MemberTime[]];
  const shares = others.map(({ wait, total }) => wait / Math.max(total, wait, 1e-9));
  const share = shares.reduce((sum, one) => sum + one, 0) / shares.length;
  const own = least.wait / Math.max(least.total, least.wait, 1e-9);
  if (share - own < noticeable) return null;
  const text =
    `${least.worker} is waited for: the others wait ${Math.round(share * 100)} % of each step, ` +
    `it waits ${Math.round(own * 100)} %`;
  return { worker: least.worker, text };
}
