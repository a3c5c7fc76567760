/**
 * The folder of a run as a training leaves it, without the training: a small job on `fakeDataset`, and
 * the weights that its seed gives as the checkpoint of step 2.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDataset } from '../../dataset/dataset.js';
import { jobDigest } from '../../shared/job-spec/job-digest.js';
import { resolveJob, type TrainingJob } from '../../shared/job-spec/job-spec.js';
import { writeCheckpoint } from '../../worker/checkpoint/write-checkpoint.js';
import { Hllm } from '../../worker/model/hllm.js';
import { initialWeights } from '../../worker/model/parameters/initial-weights.js';
import { HostState } from '../../worker/state/host-state.js';
import { modelConfig } from '../../worker/training/from-job.js';
import { fakeDataset } from './fake-dataset.js';
import { smallJob } from './small-job.js';

export interface TrainedRun {
  readonly folder: string;
  readonly job: TrainingJob;
  readonly checkpoint: string;
}

/** @param more fields of the job's spec */
export async function trainedRun(folder: string, more: object = {}): Promise<TrainedRun> {
  const data = join(folder, 'data', 'imported');
  await fakeDataset(data);
  const job = resolveJob(smallJob(data, more));
  const output = join(folder, 'run');
  mkdirSync(join(output, 'checkpoints'), { recursive: true });
  writeFileSync(join(output, 'job.json'), JSON.stringify(job));
  const { vocabularySize, digest } = await openDataset(data);
  const { layout } = new Hllm(modelConfig(job, vocabularySize));
  const parameters = initialWeights(layout, { seed: 1, temperature: 0.07, deviation: 0.5 });
  const state = new HostState(layout, { ...HostState.zeros(layout), parameters });
  const identity = { committedSteps: 2, jobDigest: jobDigest(job), datasetDigest: digest };
  const checkpoint = await writeCheckpoint(join(output, 'checkpoints'), identity, state);
  return { folder: output, job, checkpoint };
}
