import { setTimeout as sleep } from 'node:timers/promises';
import { claimRun } from '../../process/ownership/run-claim.js';
import type { Bus } from '../../shared/bus.js';
import { systemClock } from '../../shared/clock.js';
import { goodbyeTimeout } from '../../shared/limits.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { useServer } from '../use-server.js';

export interface ClaimedRun {
  readonly run: RunAddress;
  /** `wholeJobDigest`: who has another job is no standby. */
  readonly jobDigest: string;
}

export interface NameClaim {
  /** The coordinator takes the claim over by it. */
  readonly token: string;
  release(): Promise<void>;
}

/**
 * Makes the run the live one of its name on a server that other runs may use too, before anything of
 * it is written.
 *
 * @throws RunLiveError, UsageError
 */
export async function claimName(
  url: string,
  { run, jobDigest }: ClaimedRun,
  note: (text: string) => void,
): Promise<NameClaim> {
  return useServer(url, (bus) => claimOn(bus, { run, jobDigest }, note), { reconnect: true });
}

async function claimOn(
  bus: Bus,
  { run, jobDigest }: ClaimedRun,
  note: (text: string) => void,
): Promise<NameClaim> {
  try {
    const { token, release } = await claimRun({
      bus,
      run,
      jobSha256: jobDigest,
      token: null,
      clock: systemClock,
      note,
      sleep: (time) => sleep(time),
    });
    return {
      token,
      async release() {
        // Where the server is gone, so is the claim; and a dead holder is succeeded. One that stands still
        // must not keep a command that is done.
        const given = release()
          .catch(() => undefined)
          .then(() => bus.close());
        await Promise.race([given, sleep(goodbyeTimeout, undefined, { ref: false })]);
      },
    };
  } catch (error) {
    await bus.close();
    throw error;
  }
}
