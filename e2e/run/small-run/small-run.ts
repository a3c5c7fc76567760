/** A run of a small job, whose processes are the real ones. */
import { randomBytes } from 'node:crypto';
import type { RunEntries } from '../../../cli/cluster/cluster-processes.js';
import { jobId } from '../../../shared/ids.js';
import { makeRunId, type RunAddress, runIdBytes } from '../../../shared/run/run-id.js';
import { smallJob } from './small-job.js';

/** The worker holds before its last step as long as `holdFile` exists. */
export const heldEntries: RunEntries = {
  coordinator: new URL('../../../coordinator/main.js', import.meta.url),
  worker: new URL('./held-worker.js', import.meta.url),
};

/** While it exists, the members of the run with this output hold before their last step. */
export const holdFile = (output: string): string => `${output}.hold`;

export interface LongJobOptions {
  readonly dataset: string;
  readonly steps: number;
  readonly name?: string;
  readonly seed?: number;
  readonly workers?: number;
}

/** The small job with lanes for several workers and a checkpoint every ten steps. */
export function longJob({ dataset, name = 'small', seed, steps, workers }: LongJobOptions): object {
  const job = smallJob(dataset, {
    seed: seed ?? 1,
    duration: { steps },
    lanes: 4,
    workers: { replicas: workers ?? 2 },
    checkpoint: { everySteps: 10 },
  });
  return { ...job, metadata: { name } };
}

/** A run of its own for each folder of a test. */
export const newRun = (job = 'small'): RunAddress => ({
  job: jobId(job),
  run: makeRunId('training', randomBytes(runIdBytes)),
});
