/**
 * Who leads, by a Lease of Kubernetes, with the numbers that its own controllers use. Clocks of machines
 * differ, so times in the Lease are for people: what counts is for how long we have seen it unchanged.
 */
export const leaseTimes = {
  /** A Lease that nobody has renewed for so long is free. */
  durationMs: 15_000,
  /** A leader that could not renew for so long gives up, well before anyone takes over. */
  renewDeadlineMs: 10_000,
  retryMs: 2_000,
} as const;

export interface LeaseSeen {
  readonly holder: string | null;
  readonly renewTime: string | null;
  readonly transitions: number;
}

export interface Observation {
  /** As the Lease was when we first saw it so. */
  readonly lease: LeaseSeen;
  /** On our clock. */
  readonly since: number;
}

export const observe = (before: Observation | null, lease: LeaseSeen, now: number): Observation =>
  before !== null &&
  before.lease.holder === lease.holder &&
  before.lease.renewTime === lease.renewTime
    ? before
    : { lease, since: now };

export type LeaseDecision = 'renew' | 'take' | 'wait';

export function decideLease(
  { lease, since }: Observation,
  self: string,
  now: number,
): LeaseDecision {
  if (lease.holder === self) return 'renew';
  if (lease.holder === null || lease.holder === '') return 'take';
  return now - since >= leaseTimes.durationMs ? 'take' : 'wait';
}
