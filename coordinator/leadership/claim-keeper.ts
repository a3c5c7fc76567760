/** Claims the run's name, keeps the claim, and knows whether this process may act as its leader. */
import { BusAwayError, type BusValues } from '../../shared/bus.js';
import type { Clock } from '../../shared/clock.js';
import { decodeClaim, encodeClaim, type RunClaim } from '../../shared/run/claim.js';
import type { Liveness, Owner } from '../../shared/run/owner.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { claimKey } from '../../shared/subjects.js';
import { type Millis, millis } from '../../shared/units.js';
import { decideLeadership, type LeadershipView } from './decide-leadership.js';

export interface ClaimKeeperParts {
  readonly values: BusValues;
  readonly run: RunAddress;
  readonly token: string;
  readonly jobSha256: string;
  readonly owner: Owner;
  readonly liveness: (owner: Owner) => Liveness;
  /** Never stands still: for the lease of a leader. */
  readonly clock: Clock;
  /** ISO 8601. */
  readonly time: () => string;
  /** Fences that the store and the log have seen: the next one is greater than all. */
  readonly leastFence: () => Promise<number>;
  readonly onFailure: (error: Error) => void;
}

export type Leadership =
  | { readonly kind: 'standing-by'; readonly reason: string }
  /** `may`: its lease is not over. */
  | { readonly kind: 'leading'; readonly fence: number; readonly may: boolean }
  | {
      readonly kind: 'refused';
      readonly code: 'RUN_LIVE' | 'JOB_MISMATCH';
      readonly message: string;
    };

interface Held {
  readonly claim: RunClaim;
  readonly revision: number;
  readonly renewedAt: Millis;
  readonly triedAt: Millis;
}

interface Seen {
  readonly claim: RunClaim | null;
  /** Of its owner, at that look. */
  readonly liveness: Liveness;
  readonly revision: number;
  readonly firstRevision: number;
  readonly since: Millis;
  readonly lookedAt: Millis;
}

export class ClaimKeeper {
  readonly #parts: ClaimKeeperParts;
  #held: Held | null = null;
  #seen: Seen | null = null;
  #reason = 'looks who leads';
  #refused: Extract<Leadership, { kind: 'refused' }> | null = null;
  #busy = false;
  #closed = false;
  #sawAnother = false;
  #silentFor = millis(0);

  constructor(parts: ClaimKeeperParts) {
    this.#parts = parts;
  }

  /** For how long the leader before had given no sign of life when this process took over. */
  get silentFor(): Millis {
    return this.#silentFor;
  }

  /** Another process has led this very run while this one looked on. */
  get sawAnother(): boolean {
    return this.#sawAnother;
  }

  get state(): Leadership {
    if (this.#refused !== null) return this.#refused;
    if (this.#held === null) return { kind: 'standing-by', reason: this.#reason };
    const decision = decideLeadership(this.#view(millis(0)));
    const may = decision.kind === 'lead' && decision.may;
    return { kind: 'leading', fence: this.#held.claim.fence, may };
  }

  /** @param awake a reading of the awake clock */
  tick(awake: Millis): void {
    if (this.#busy || this.#closed || this.#refused !== null) return;
    const decision = decideLeadership(this.#view(awake));
    switch (decision.kind) {
      case 'look':
        this.#do(() => this.#look(awake));
        break;
      case 'claim':
        this.#reason = decision.reason;
        this.#do(() => this.#claim(awake));
        break;
      case 'lead':
        if (decision.renew) this.#do(() => this.#renew());
        break;
      case 'refuse':
        this.#refused = { ...decision, kind: 'refused' };
        break;
      case 'wait':
        this.#reason = decision.reason;
        break;
    }
  }

  /** Someone else leads: what this process wrote was refused. */
  depose(): void {
    this.#held = null;
    this.#seen = null;
  }

  /** Gives the name back, where it is held. */
  async release(): Promise<void> {
    this.#closed = true;
    const held = this.#held;
    if (held === null) return;
    const { values, run } = this.#parts;
    for (;;) {
      const current = await values.get(claimKey(run));
      if (current === null) return;
      const { token, fence } = decodeClaim(current.data);
      if (token !== held.claim.token || fence !== held.claim.fence) return;
      // Again where it was renewed between the look and the removal.
      if (await values.remove(claimKey(run), current.revision)) return;
    }
  }

  #view(awake: Millis): LeadershipView {
    const { run, token, jobSha256, clock } = this.#parts;
    const [held, seen] = [this.#held, this.#seen];
    const now = clock.now();
    return {
      own: { run: run.run, token, jobSha256 },
      held: held && {
        renewedAgo: millis(now - held.renewedAt),
        triedAgo: millis(now - held.triedAt),
      },
      seen: seen && {
        claim: seen.claim,
        liveness: seen.liveness,
        unchangedFor: millis(awake - seen.since),
        renewed: seen.revision !== seen.firstRevision,
        lookedAgo: millis(awake - seen.lookedAt),
      },
    };
  }

  #do(work: () => Promise<void>): void {
    this.#busy = true;
    work()
      .catch((error: unknown) => {
        // Asked again at the next look; meanwhile the lease runs out.
        if (!(error instanceof BusAwayError)) this.#parts.onFailure(error as Error);
      })
      .finally(() => {
        this.#busy = false;
      });
  }

  async #look(awake: Millis): Promise<void> {
    const { values, run, liveness } = this.#parts;
    const found = await values.get(claimKey(run));
    const claim = found === null ? null : decodeClaim(found.data);
    const revision = found?.revision ?? 0;
    const before = this.#seen;
    const sameHolder = before !== null && before.claim?.token === claim?.token;
    if (claim?.run === run.run && claim.fence > 0) this.#sawAnother = true;
    this.#seen = {
      claim,
      liveness: claim === null ? 'unknown' : liveness(claim.owner),
      revision,
      firstRevision: sameHolder ? before.firstRevision : revision,
      since: before?.revision === revision ? before.since : awake,
      lookedAt: awake,
    };
  }

  async #claim(awake: Millis): Promise<void> {
    const { values, run, token, jobSha256, owner, clock, time, leastFence } = this.#parts;
    const seen = this.#seen as Seen;
    const fence = 1 + Math.max(seen.claim?.fence ?? 0, await leastFence());
    const since = seen.claim?.token === token ? seen.claim.since : time();
    const claim = { run: run.run, token, jobSha256, fence, owner, since };
    const now = clock.now();
    this.#silentFor = millis(seen.claim === null ? 0 : awake - seen.since);
    const revision = await values.put(claimKey(run), encodeClaim(claim), seen.revision);
    if (revision === null) await this.#look(awake);
    else this.#held = { claim, revision, renewedAt: now, triedAt: now };
  }

  async #renew(): Promise<void> {
    const { values, run, clock } = this.#parts;
    const held = this.#held as Held;
    const now = clock.now();
    this.#held = { ...held, triedAt: now };
    const revision = await values.put(claimKey(run), encodeClaim(held.claim), held.revision);
    if (this.#held === null) return;
    if (revision !== null) {
      this.#held = { ...this.#held, revision, renewedAt: now };
      return;
    }
    // Its own renewal whose answer was lost, or another one's claim.
    const current = await values.get(claimKey(run));
    const claim = current === null ? null : decodeClaim(current.data);
    const { token, fence } = held.claim;
    if (current !== null && claim?.token === token && claim.fence === fence) {
      this.#held = { ...this.#held, revision: current.revision, renewedAt: now };
    } else this.depose();
  }
}
