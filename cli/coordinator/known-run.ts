/** What nats-server knows of a run before one of its coordinators is started. */
import { DatasetError } from '../../dataset/dataset-error.js';
import type { Bus } from '../../shared/bus.js';
import { JobSpecError } from '../../shared/errors.js';
import { changeText, identityChanges } from '../../shared/job-spec/identity-changes.js';
import { jobDigest } from '../../shared/job-spec/job-digest.js';
import { resolveJob, type TrainingJob } from '../../shared/job-spec/job-spec.js';
import { decodeClaim } from '../../shared/run/claim.js';
import { decodeDescription } from '../../shared/run/run-description.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { claimKey, claimsBucket, descriptionKey, logStream } from '../../shared/subjects.js';
import { lastEntry } from '../cluster/last-entry.js';
import { UsageError } from '../usage-error.js';

export interface KnownRun {
  /** What it trains, as its first leader read it; null before that, and once the run is over. */
  readonly job: TrainingJob | null;
  /** Somebody leads it, or did until a moment ago. */
  readonly isLed: boolean;
  /** Its log ends with an end. */
  readonly isOver: boolean;
}

/** @throws BusLostError, BusRefusedError */
export async function findKnownRun(bus: Bus, run: RunAddress): Promise<KnownRun> {
  const values = await bus.openValues(claimsBucket);
  const claim = await values.get(claimKey(run));
  const described = await values.get(descriptionKey(run));
  const held = claim === null ? null : decodeClaim(claim.data);
  return {
    job: described === null ? null : jobOf(described.data),
    isLed: held?.run === run.run && held.fence > 0,
    isOver: await isOver(bus, run),
  };
}

async function isOver(bus: Bus, run: RunAddress): Promise<boolean> {
  const name = logStream(run);
  if (!(await bus.names()).streams.includes(name)) return false;
  const last = (await lastEntry(await bus.openLog(name)))?.entry.kind;
  return last === 'finished' || last === 'failed';
}

/** Null for what another version has described. */
function jobOf(data: Uint8Array): TrainingJob | null {
  try {
    const description = decodeDescription(data);
    return description === null ? null : resolveJob(description.job);
  } catch (error) {
    if (error instanceof JobSpecError) return null;
    throw error;
  }
}

/** @throws UsageError where the run trains something else than this job */
export function requireJobOfRun(known: KnownRun, { run }: RunAddress, job: TrainingJob): void {
  const { job: earlier } = known;
  if (earlier === null || jobDigest(earlier) === jobDigest(job)) return;
  throw new UsageError(
    `Cannot go on with the run ${run}: ${changeText(identityChanges(earlier, job), job)}`,
  );
}

/**
 * Of a run that has begun, a built-in dataset that cannot be fetched just now ends nothing: it could be
 * fetched before, and whoever starts coordinators starts the next one.
 */
export const asPassing = (error: unknown): unknown =>
  error instanceof DatasetError && error.code === 'FETCH_FAILED'
    ? new DatasetError('DATASET_AWAY', error.message, { cause: error })
    : error;
