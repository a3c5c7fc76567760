import type { WorkerId } from '../shared/ids.js';
import type { FoundCheckpoint } from '../shared/messages/messages.js';
import type { Millis } from '../shared/units.js';

/** What is known of a worker that wants to train. */
export interface Seen {
  readonly address: string;
  readonly heartbeatAt: Millis;
  /** The newest complete checkpoint that it can read; null without one, or unasked. */
  readonly checkpoint: FoundCheckpoint | null;
}

export interface MembershipLimits {
  /** Exactly so many workers train. */
  readonly replicas: number;
  readonly heartbeatTimeout: Millis;
  /** When the coordinator gives up waiting. */
  readonly joinDeadline: Millis;
}

export type MembershipDecision =
  | { readonly kind: 'wait'; readonly reason: string }
  | {
      readonly kind: 'form';
      readonly members: readonly { readonly worker: WorkerId; readonly address: string }[];
      readonly resumeFrom: FoundCheckpoint | null;
    }
  | { readonly kind: 'give-up'; readonly reason: string };

/** Decides who trains, and from which checkpoint. Reads no clock and opens no socket. */
export function decideMembership(
  now: Millis,
  workers: ReadonlyMap<WorkerId, Seen>,
  limits: MembershipLimits,
): MembershipDecision {
  const alive = [...workers].filter(([, seen]) => now - seen.heartbeatAt < limits.heartbeatTimeout);
  if (alive.length < limits.replicas) {
    const reason = `${alive.length} of ${limits.replicas} workers have joined`;
    return now >= limits.joinDeadline ? { kind: 'give-up', reason } : { kind: 'wait', reason };
  }
  // Sorted, so that everyone who reads the same heartbeats assigns the same ranks. Numbers sort as
  // numbers: worker-10 comes after worker-9.
  const chosen = alive.sort(([a], [b]) => compareNames(a, b)).slice(0, limits.replicas);
  const resume = commonCheckpoint(chosen);
  if (resume.kind === 'differ') return { kind: 'give-up', reason: resume.reason };
  return {
    kind: 'form',
    members: chosen.map(([worker, seen]) => ({ worker, address: seen.address })),
    resumeFrom: resume.checkpoint,
  };
}

type Common =
  | { readonly kind: 'same'; readonly checkpoint: FoundCheckpoint | null }
  | { readonly kind: 'differ'; readonly reason: string };

/** Members that start from different weights would never agree again. */
function commonCheckpoint(chosen: readonly (readonly [WorkerId, Seen])[]): Common {
  const [first, ...others] = chosen;
  if (first === undefined) return { kind: 'same', checkpoint: null };
  const [firstWorker, { checkpoint }] = first;
  for (const [worker, seen] of others) {
    if (seen.checkpoint?.committedSteps !== checkpoint?.committedSteps) {
      const reason =
        `${firstWorker} finds ${described(checkpoint)} and ${worker} ${described(seen.checkpoint)}: ` +
        'all workers must see the same checkpoint folder';
      return { kind: 'differ', reason };
    }
  }
  return { kind: 'same', checkpoint };
}

const described = (checkpoint: FoundCheckpoint | null): string =>
  checkpoint === null ? 'no checkpoint' : `the checkpoint ${checkpoint.path}`;

const compareNames = (a: string, b: string): number =>
  a.localeCompare(b, 'en', { numeric: true }) || (a < b ? -1 : 1);
