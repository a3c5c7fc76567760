/**
 * What a run says of itself under its job's name, so that a second one is refused. The claim changes
 * hands by compare-and-set; its holder renews it, and is succeeded when it is dead.
 */
import { z } from 'zod';
import { runId } from '../ids.js';
import type { Owner } from './owner.js';

export interface RunClaim {
  readonly run: string;
  /** Of the execution: a command that claims a name hands it on to the coordinator that it starts. */
  readonly token: string;
  /** `wholeJobDigest` of the job: a standby of the same run has it too; null before anyone leads. */
  readonly jobSha256: string | null;
  /** Number of the leadership: grows with each new leader of the run; 0 before anyone leads. */
  readonly fence: number;
  readonly owner: Owner;
  /** ISO 8601, of the owner's clock: for people. */
  readonly since: string;
}

const text = z.string().max(256);

const schema = z.strictObject({
  run: text,
  token: text,
  jobSha256: text.nullable().default(null),
  fence: z.int().min(0).default(0),
  since: text,
  owner: z.strictObject({
    host: text,
    pid: z.int().min(0),
    boot: text.nullable(),
    pidNamespace: text.nullable(),
    startTicks: text.nullable(),
  }),
});

export const encodeClaim = (claim: RunClaim): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(claim));

/** A claim that cannot be read, as of another version, has an owner of whom nothing is known. */
export function decodeClaim(data: Uint8Array): RunClaim {
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(data)));
  } catch {
    const owner = { host: 'unknown', pid: 0, boot: '', pidNamespace: null, startTicks: null };
    return {
      run: runId('unknown'),
      token: '',
      jobSha256: null,
      fence: 0,
      owner,
      since: 'unknown',
    };
  }
}

export const claimText = ({ run, owner, since }: RunClaim): string =>
  `its run ${run} is live: pid ${owner.pid} on ${owner.host}, since ${since}`;
