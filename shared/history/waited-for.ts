/** Who is waited for, from where the time of each member went: one rule for terminals and pages. */

export interface MemberTime {
  readonly worker: string;
  /** By phase; what a phase waits for peers is part of it. */
  readonly phaseSeconds: Readonly<Record<string, number>>;
  readonly waitSeconds: number;
}

/** Of all phases. */
export const wholeOf = ({ phaseSeconds }: MemberTime): number =>
  Object.values(phaseSeconds).reduce((sum, of) => sum + of, 0);

/** What it does itself. */
export const busyOf = (time: MemberTime): number => Math.max(0, wholeOf(time) - time.waitSeconds);

/** In [0, 1]. */
export const waitShare = (time: MemberTime): number =>
  wholeOf(time) <= 0 ? 0 : Math.min(1, time.waitSeconds / wholeOf(time));

/** Less is the ordinary scatter of a shared machine. */
const slowerFactor = 1.15;
/** Of a step, that the others must wait before it is worth a word. */
const leastWait = 0.05;

export interface WaitedFor {
  readonly worker: string;
  /** Share of a step that the others wait: of the one in their middle. */
  readonly othersWait: number;
}

/** The member that the others wait for; null where nobody stands out. */
export function waitedFor(times: readonly MemberTime[]): WaitedFor | null {
  const [slowest, ...others] = [...times].sort((a, b) => busyOf(b) - busyOf(a));
  if (slowest === undefined || others.length === 0) return null;
  const middle = (of: (time: MemberTime) => number): number =>
    others.map(of).sort((a, b) => a - b)[Math.floor(others.length / 2)] ?? 0;
  const othersWait = middle(waitShare);
  const isSlower = busyOf(slowest) >= slowerFactor * middle(busyOf);
  return isSlower && othersWait >= leastWait ? { worker: slowest.worker, othersWait } : null;
}
