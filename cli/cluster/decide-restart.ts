/** Whether a process of a run that has ended is started again. Reads no clock. */
import { exitCodes } from '../../shared/exit-codes.js';
import { restartPauseMax, shortLife, shortLivesMax } from '../../shared/limits.js';
import { type Millis, millis } from '../../shared/units.js';

export interface ProcessExit {
  readonly name: string;
  readonly code: number | null;
  readonly signal: string | null;
  /** Since it was started. */
  readonly lived: Millis;
}

export type RestartDecision =
  | { readonly kind: 'restart'; readonly reason: string; readonly pause: Millis }
  /** It stays away; the run goes on as long as others can. */
  | { readonly kind: 'leave'; readonly reason: string };

/** A process that ends so has done its work, or has said what must change first. */
const final: ReadonlyMap<number | null, string> = new Map([
  [exitCodes.success, 'it has done its work'],
  [exitCodes.stopped, 'it was asked to end'],
  [exitCodes.usage, 'it cannot be used as it is'],
  [exitCodes.training, 'training failed in it'],
]);

/**
 * @param earlier ends of the same process before this one, the newest last
 * @param isEnding whether the run ends anyway
 */
export function decideRestart(
  exit: ProcessExit,
  earlier: readonly ProcessExit[],
  isEnding: boolean,
): RestartDecision {
  if (isEnding) return { kind: 'leave', reason: 'the run ends' };
  const known = exit.signal === null ? final.get(exit.code) : undefined;
  if (known !== undefined) return { kind: 'leave', reason: known };
  const lastLong = earlier.findLastIndex(({ lived }) => lived >= shortLife);
  const short = exit.lived >= shortLife ? 0 : earlier.length - lastLong;
  // Whoever lost others may find them again at any time; it is no fault of its own.
  const isLost = exit.signal === null && exit.code === exitCodes.lost;
  if (!isLost && short >= shortLivesMax) {
    const reason = `it has ended ${short} times in a row within ${shortLife / 1000} s of its start`;
    return { kind: 'leave', reason };
  }
  const pause = short < 2 ? 0 : Math.min(restartPauseMax, 250 * 2 ** short);
  return { kind: 'restart', reason: howItEnded(exit), pause: millis(pause) };
}

export const howItEnded = ({ code, signal }: Pick<ProcessExit, 'code' | 'signal'>): string =>
  signal === null ? `it ended with code ${code}` : `it was killed by ${signal}`;
