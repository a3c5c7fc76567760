import { randomBytes } from 'node:crypto';
import type { RunEntries } from '../../../cli/train/run-job.js';
import { jobId } from '../../../shared/ids.js';
import { wholeJobDigest } from '../../../shared/job-spec/job-digest.js';
import { resolveJob } from '../../../shared/job-spec/job-spec.js';
import { makeRunId, type RunAddress, runIdBytes } from '../../../shared/run/run-id.js';

export const fakeEntries: RunEntries = {
  coordinator: new URL('./fake-coordinator.js', import.meta.url),
  worker: new URL('./fake-worker.js', import.meta.url),
};

export const fakeLanes = 4;

/** Of every step: who trains a lane of a fake plan. */
export const fakeUsers = (lane: number): Int32Array => Int32Array.of(lane);

/** While it exists, the members of the run hold before their last step. */
export const holdFile = (output: string): string => `${output}.hold`;

/** A run of its own for each folder of a test. */
export const fakeRun = (): RunAddress => ({
  job: jobId('fake'),
  run: makeRunId('training', randomBytes(runIdBytes)),
});

export const fakeDigest = (steps: number): string => wholeJobDigest(resolveJob(fakeJob(steps)));

export interface FakeJobOptions {
  readonly name?: string;
  readonly seed?: number;
  readonly dataset?: string;
  readonly workers?: number;
}

export const fakeJob = (
  steps: number,
  { name = 'fake', seed = 1, dataset = 'none', workers = 1 }: FakeJobOptions = {},
): object => ({
  apiVersion: 'lockstep.dev/v1alpha1',
  kind: 'TrainingJob',
  metadata: { name },
  spec: {
    seed,
    data: { path: dataset },
    model: { item: {}, user: {} },
    objective: { kind: 'generative', negatives: { all: true } },
    optimizer: { kind: 'adamw', learningRate: 0.001 },
    duration: { steps },
    lanes: fakeLanes,
    workers: { replicas: workers },
    checkpoint: { everySteps: 10 },
  },
});
