/** Finds the run that a worker is for: the one that it was given, or the one that claims the job. */
import type { Bus } from '../../../shared/bus.js';
import { type JobId, type RunId, runId } from '../../../shared/ids.js';
import { decodeClaim, type RunClaim } from '../../../shared/run/claim.js';
import { decodeDescription, type RunDescription } from '../../../shared/run/run-description.js';
import { type RunAddress, readRunId } from '../../../shared/run/run-id.js';
import { claimKey, claimsBucket, descriptionKey } from '../../../shared/subjects.js';

export interface FoundRun {
  readonly run: RunAddress;
  readonly description: RunDescription;
}

/**
 * Null while nobody leads one, with the reason. What describes a run that is gone on with stands there from the
 * time before, until somebody leads it: the claim tells whether it is of the job that is trained now.
 */
export type RunSearch = FoundRun | { readonly run: null; readonly reason: string };

export async function findRun(bus: Bus, job: JobId, wanted: RunId | null): Promise<RunSearch> {
  // A worker may not make the store: the first coordinator of the server does.
  const values = await bus.findValues(claimsBucket);
  if (values === null) return { run: null, reason: `no run of "${job}" is live` };
  const key = wanted === null ? job : claimKey({ job, run: wanted });
  const claim = await values.get(key);
  const holder = claim === null ? null : decodeClaim(claim.data);
  const id = wanted ?? (holder === null ? null : readRunId(holder.run));
  if (id === null) return { run: null, reason: `no run of "${job}" is live` };
  const run: RunAddress = { job, run: runId(id) };
  const value = await values.get(descriptionKey(run));
  const description = value === null ? null : decodeDescription(value.data);
  if (description !== null && !isOutdated(description, run, holder)) return { run, description };
  const what =
    value === null
      ? 'has not begun'
      : description === null
        ? 'was described by another version of Lockstep'
        : 'goes on with a job that nobody has described yet';
  return { run: null, reason: `the run ${id} of "${job}" ${what}` };
}

const isOutdated = (
  { jobSha256 }: RunDescription,
  { run }: RunAddress,
  holder: RunClaim | null,
): boolean => holder?.run === run && holder.jobSha256 !== null && holder.jobSha256 !== jobSha256;
