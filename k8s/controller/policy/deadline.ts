/**
 * `spec.activeDeadlineSeconds`, as a Job of batch/v1 has it: from the start of its pods; a suspension, or a
 * queue that takes them back, stops it, and it begins anew.
 */
import type { WallTime } from '../reconcile/seen.js';

export type Deadline =
  | { readonly kind: 'none' }
  | { readonly kind: 'in'; readonly milliseconds: number }
  | { readonly kind: 'passed'; readonly message: string };

export function judgeDeadline(
  activeDeadlineSeconds: number | null,
  startedAt: WallTime | null,
  now: WallTime,
): Deadline {
  if (activeDeadlineSeconds === null || startedAt === null) return { kind: 'none' };
  const left = startedAt + activeDeadlineSeconds * 1000 - now;
  return left > 0
    ? { kind: 'in', milliseconds: left }
    : {
        kind: 'passed',
        message: `The job was active for longer than spec.activeDeadlineSeconds, which is ${activeDeadlineSeconds}`,
      };
}
