import type { WorkerId } from '../shared/ids.js';
import type { FoundCheckpoint } from '../shared/messages/report-fields.js';
import type { Millis } from '../shared/units.js';

/** One life of a worker: another process of the same name has none of its state. */
export interface WorkerProcess {
  /** `host:port` of its links. */
  readonly address: string;
  readonly pid: number;
  readonly host: string;
}

/** What is known of a worker that wants to train. */
export interface Seen extends WorkerProcess {
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

export interface Member extends WorkerProcess {
  readonly worker: WorkerId;
}

export type MembershipDecision =
  | { readonly kind: 'wait'; readonly reason: string }
  | {
      readonly kind: 'form';
      readonly members: readonly Member[];
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
    members: chosen.map(([worker, { address, pid, host }]) => ({ worker, address, pid, host })),
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

/**
 * Whether a member that asks to join is another process than the one that became a member. The same
 * one asks again until it has heard the membership, and never after it has said anything else.
 */
export const isRestarted = (member: WorkerProcess, now: WorkerProcess, spoke: boolean): boolean =>
  spoke || member.pid !== now.pid || member.host !== now.host || member.address !== now.address;
