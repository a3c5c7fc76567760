/**
 * Decides whether this process leads the run. Two clocks count: a leader's own lease runs on while its
 * process stands still (it must not act when it wakes up), a standby's patience does not (whoever
 * slept has not watched anybody).
 */
import { ownerLease } from '../../shared/limits.js';
import { claimText, type RunClaim } from '../../shared/run/claim.js';
import type { Liveness } from '../../shared/run/owner.js';
import type { Millis } from '../../shared/units.js';
import { claimWatchInterval, leaderLease, renewInterval } from './limits.js';

export interface LeadershipView {
  readonly own: { readonly run: string; readonly token: string; readonly jobSha256: string };
  /** The claim as it was last read; null before the first look. */
  readonly seen: {
    readonly claim: RunClaim | null;
    readonly liveness: Liveness;
    /** For how long this very revision has been seen, by the awake clock. */
    readonly unchangedFor: Millis;
    /** Whether its holder has renewed it since it was first seen. */
    readonly renewed: boolean;
    /** Since the last look, by the awake clock. */
    readonly lookedAgo: Millis;
  } | null;
  /** Of the claim that this process holds; null where it holds none. */
  readonly held: {
    /** Since the last renewal that succeeded was sent, by a clock that never stands still. */
    readonly renewedAgo: Millis;
    /** Since the last one was sent. */
    readonly triedAgo: Millis;
  } | null;
}

export type LeadershipDecision =
  | { readonly kind: 'look' }
  | { readonly kind: 'wait'; readonly reason: string }
  /** Write the claim behind what was seen. */
  | { readonly kind: 'claim'; readonly reason: string }
  /** Holds the claim: `may` says whether it may act, `renew` whether the claim is due. */
  | { readonly kind: 'lead'; readonly may: boolean; readonly renew: boolean }
  | {
      readonly kind: 'refuse';
      readonly code: 'RUN_LIVE' | 'JOB_MISMATCH';
      readonly message: string;
    };

export function decideLeadership({ own, seen, held }: LeadershipView): LeadershipDecision {
  if (held !== null) {
    const may = held.renewedAgo < leaderLease;
    return { kind: 'lead', may, renew: held.triedAgo >= renewInterval || !may };
  }
  if (seen === null) return { kind: 'look' };
  const { claim, liveness } = seen;
  if (claim === null) return { kind: 'claim', reason: 'nobody leads' };
  // A command holds the name until the coordinator that it starts leads.
  if (claim.token === own.token && claim.fence === 0)
    return { kind: 'claim', reason: 'this run was started for it' };
  const isSame = claim.run === own.run;
  if (isSame && claim.jobSha256 !== null && claim.jobSha256 !== own.jobSha256) {
    const message = `Cannot stand by for the run ${own.run}: it trains another job than this one`;
    return { kind: 'refuse', code: 'JOB_MISMATCH', message };
  }
  if (liveness === 'dead') return { kind: 'claim', reason: `${leaderOf(claim)} is gone` };
  const patience = isSame ? leaderLease : ownerLease;
  if (seen.unchangedFor >= patience) {
    const reason = `${leaderOf(claim)} has given no sign of life for ${seen.unchangedFor} ms`;
    return { kind: 'claim', reason };
  }
  if (!isSame && (liveness === 'alive' || seen.renewed)) {
    const why = liveness === 'alive' ? 'its process runs' : 'it gives signs of life';
    return { kind: 'refuse', code: 'RUN_LIVE', message: `${claimText(claim)}: ${why}` };
  }
  if (seen.lookedAgo >= claimWatchInterval) return { kind: 'look' };
  return { kind: 'wait', reason: `stands by for ${leaderOf(claim)}` };
}

const leaderOf = ({ owner }: RunClaim): string => `pid ${owner.pid} on ${owner.host}`;
