/** The seam to NATS: what a job's processes show its servers, and the account that makes them let it in. */
import type { JobSecrets } from '../children/installation.js';

export interface JobIdentity {
  readonly uid: string;
  readonly name: string;
}

export interface JobAccounts {
  /** The same job has the same ones for ever. */
  secretsOf(job: JobIdentity): JobSecrets;
  push(job: JobIdentity): Promise<void>;
  /** Its streams and then the account; where they are gone, nothing. */
  remove(job: JobIdentity): Promise<void>;
  close(): Promise<void>;
}
