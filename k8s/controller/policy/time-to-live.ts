/** `spec.ttlSecondsAfterFinished`: the object goes, and all that belongs to it with it. */
import type { WallTime } from '../reconcile/seen.js';

export type TimeToLive =
  | { readonly kind: 'stays' }
  | { readonly kind: 'in'; readonly milliseconds: number }
  | { readonly kind: 'over' };

export function judgeTimeToLive(
  ttlSeconds: number | null,
  finishedAt: WallTime | null,
  now: WallTime,
): TimeToLive {
  if (ttlSeconds === null || finishedAt === null) return { kind: 'stays' };
  const left = finishedAt + ttlSeconds * 1000 - now;
  return left > 0 ? { kind: 'in', milliseconds: left } : { kind: 'over' };
}
