/** Finds the run that a worker is for: the one that it was given, or the one that claims the job. */
import type { Bus } from '../../../shared/bus.js';
import { type JobId, type RunId, runId } from '../../../shared/ids.js';
import { decodeClaim } from '../../../shared/run/claim.js';
import { decodeDescription, type RunDescription } from '../../../shared/run/run-description.js';
import { type RunAddress, readRunId } from '../../../shared/run/run-id.js';
import { claimsBucket, descriptionKey } from '../../../shared/subjects.js';

export interface FoundRun {
  readonly run: RunAddress;
  readonly description: RunDescription;
}

/** Null while nobody leads one, with the reason. */
export type RunSearch = FoundRun | { readonly run: null; readonly reason: string };

export async function findRun(bus: Bus, job: JobId, wanted: RunId | null): Promise<RunSearch> {
  // A worker may not make the store: the first coordinator of the server does.
  const values = await bus.findValues(claimsBucket);
  if (values === null) return { run: null, reason: `no run of "${job}" is live` };
  const claim = wanted === null ? await values.get(job) : null;
  const id = wanted ?? (claim === null ? null : readRunId(decodeClaim(claim.data).run));
  if (id === null) return { run: null, reason: `no run of "${job}" is live` };
  const run: RunAddress = { job, run: runId(id) };
  const value = await values.get(descriptionKey(run));
  const description = value === null ? null : decodeDescription(value.data);
  if (description !== null) return { run, description };
  const what = value === null ? 'has not begun' : 'was described by another version of Lockstep';
  return { run: null, reason: `the run ${id} of "${job}" ${what}` };
}
