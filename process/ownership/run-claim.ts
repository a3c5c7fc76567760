/** Makes a run the live one of its name on a bus, and keeps it so until it is released. */
import { randomUUID } from 'node:crypto';
import type { Bus, BusValue, BusValues } from '../../shared/bus.js';
import type { Clock } from '../../shared/clock.js';
import { ownerLease, ownerRenewInterval, ownerWatchInterval } from '../../shared/limits.js';
import { claimText, decodeClaim, encodeClaim, type RunClaim } from '../../shared/run/claim.js';
import type { Liveness, Owner } from '../../shared/run/owner.js';
import { isEvaluation, type RunAddress } from '../../shared/run/run-id.js';
import { decideTakeOver } from '../../shared/run/take-over.js';
import { claimKey, claimsBucket, runOfName } from '../../shared/subjects.js';
import { type Millis, millis } from '../../shared/units.js';
import { livenessOf, ownIdentity } from './process-identity.js';

/** A run of this name is live; the second one is refused. */
export class RunLiveError extends Error {
  override readonly name = 'RunLiveError';
  readonly code = 'RUN_LIVE';
}

/** Someone else is the run of this name by now: this one must send nothing more. */
export class RunLostError extends Error {
  override readonly name = 'RunLostError';
  readonly code = 'RUN_LOST';
}

export interface HeldClaim {
  /** A process that is given it may take the claim over, at once. */
  readonly token: string;
  /** Resolves when someone else holds the claim. */
  readonly lost: Promise<RunLostError>;
  /** Gives the name back, whichever process of this run holds it. */
  release(): Promise<void>;
}

export interface ClaimOptions {
  readonly bus: Bus;
  readonly run: RunAddress;
  /** Of a process of this run that holds the claim already; null makes a new one. */
  readonly token: string | null;
  /** `wholeJobDigest` of the job, by which a standby of the same job is known; null where there is none. */
  readonly jobSha256?: string | null;
  readonly clock: Clock;
  /** Says what it waits for, once, before it waits for seconds. */
  readonly note: (text: string) => void;
  /** Resolves after so long, by the same clock. */
  readonly sleep: (time: Millis) => Promise<void>;
  readonly owner?: Owner;
  readonly liveness?: (owner: Owner) => Liveness;
}

/** @throws RunLiveError, BusLostError, BusRefusedError */
export async function claimRun(options: ClaimOptions): Promise<HeldClaim> {
  const { bus, run, token, jobSha256 = null, owner = ownIdentity() } = options;
  const own = {
    run: run.run,
    token: token ?? randomUUID(),
    jobSha256,
    fence: 0,
    owner,
    since: new Date().toISOString(),
  };
  const values = await bus.openValues(claimsBucket);
  for (;;) {
    const found = await values.get(claimKey(run));
    const claim = found === null ? null : decodeClaim(found.data);
    const ours = claim?.token === own.token;
    if (found !== null && !ours) await requireDead(values, found, options);
    const mine: RunClaim = ours
      ? { ...own, since: claim.since, fence: claim.fence, jobSha256: claim.jobSha256 }
      : own;
    const current = await values.get(claimKey(run));
    // Renewed or replaced meanwhile: its holder is looked at again.
    if (current?.revision !== found?.revision) continue;
    const revision = await values.put(claimKey(run), encodeClaim(mine), found?.revision ?? 0);
    if (revision !== null) return hold(values, mine, revision, options);
  }
}

/** Returns when the holder is dead, or another one. @throws RunLiveError */
async function requireDead(
  values: BusValues,
  found: BusValue,
  options: ClaimOptions,
): Promise<void> {
  const { clock, note, run, sleep, liveness = livenessOf } = options;
  const claim = decodeClaim(found.data);
  const begin = clock.now();
  for (let current: BusValue | null = found; current !== null; ) {
    if (decodeClaim(current.data).token !== claim.token) return;
    const decision = decideTakeOver(
      {
        liveness: liveness(claim.owner),
        watchedFor: millis(clock.now() - begin),
        renewed: current.revision !== found.revision,
      },
      ownerLease,
    );
    if (decision.kind === 'take-over') return;
    if (decision.kind === 'refuse') {
      throw new RunLiveError(
        `Cannot start the job "${run.job}" on this nats-server: ${claimText(claim)}: ` +
          `${decision.reason}: wait until it has ended, or give the job another metadata.name`,
      );
    }
    if (current === found)
      note(`waiting to see whether a run of "${run.job}" lives: ${claimText(claim)}`);
    await sleep(ownerWatchInterval);
    current = await values.get(claimKey(run));
  }
}

function hold(values: BusValues, mine: RunClaim, first: number, { run }: ClaimOptions): HeldClaim {
  let revision = first;
  let settle: (error: RunLostError) => void = () => undefined;
  const lost = new Promise<RunLostError>((resolve) => {
    settle = resolve;
  });
  const renew = async (): Promise<void> => {
    const next = await values.put(claimKey(run), encodeClaim(mine), revision);
    if (next !== null) {
      revision = next;
      return;
    }
    clearInterval(renewing);
    const current = await values.get(claimKey(run));
    const claim = current === null ? null : decodeClaim(current.data);
    // Another process of this run has taken over, and renews from now on.
    if (claim?.token === mine.token) return;
    const why = claim === null ? 'its claim was removed' : claimText(claim);
    settle(new RunLostError(`Cannot go on as the run of "${run.job}" on this nats-server: ${why}`));
  };
  let busy = false;
  const renewing = setInterval(() => {
    if (busy) return;
    busy = true;
    // A bus that is lost is told by `closed`; one that is slow is asked again.
    void renew()
      .catch(() => undefined)
      .finally(() => {
        busy = false;
      });
  }, ownerRenewInterval);
  renewing.unref();
  return {
    token: mine.token,
    lost,
    async release() {
      clearInterval(renewing);
      // Again where the other process of this run has renewed between the look and the removal.
      for (;;) {
        const current = await values.get(claimKey(run));
        if (current === null || decodeClaim(current.data).token !== mine.token) return;
        if (await values.remove(claimKey(run), current.revision)) return;
      }
    },
  };
}

/**
 * Removes what dead runs of the job left on the bus. The caller holds the claim: so every training of
 * this name is dead but its own, of which a killed process may have left something too.
 *
 * @returns the names of what was removed.
 */
export async function sweepRuns(
  { bus, run, liveness = livenessOf }: Pick<ClaimOptions, 'bus' | 'run' | 'liveness'>,
  own: 'sweep' | 'keep' = 'sweep',
): Promise<string[]> {
  const values = await bus.openValues(claimsBucket);
  const isDead = async (other: RunAddress): Promise<boolean> => {
    // Where another coordinator goes on with the run, its streams are in use.
    if (other.run === run.run && own === 'keep') return false;
    if (!isEvaluation(other.run)) return !isEvaluation(run.run);
    if (other.run === run.run) return true;
    // An evaluation claims its name before it leaves anything: without a claim, it is over.
    const found = await values.get(claimKey(other));
    return found === null || liveness(decodeClaim(found.data).owner) === 'dead';
  };
  const isLeft = async (name: string): Promise<boolean> => {
    const of = runOfName(run.job, name);
    return of !== null && (await isDead({ job: run.job, run: of }));
  };
  const { streams, objects } = await bus.names();
  const swept: string[] = [];
  for (const name of streams) {
    if (!(await isLeft(name))) continue;
    await (await bus.openStream(name)).remove();
    swept.push(name);
  }
  for (const name of objects) {
    if (!(await isLeft(name))) continue;
    await (await bus.openObjects(name)).remove();
    swept.push(name);
  }
  return swept;
}
