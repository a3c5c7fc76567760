/**
 * The folder of a run as a training leaves it, without the training: a small job on `smallDataset`, and
 * the weights that its seed gives as the checkpoint of step 1.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDataset } from '../../dataset/dataset.js';
import { trainingView } from '../../dataset/training-view.js';
import { jobDigest } from '../../shared/job-spec/job-digest.js';
import { resolveJob, type TrainingJob } from '../../shared/job-spec/job-spec.js';
import { stageAt, stagesOf } from '../../shared/plan/stages.js';
import { writeCheckpoint } from '../../worker/checkpoint/write-checkpoint.js';
import { initialWeights } from '../../worker/model/parameters/initial-weights.js';
import type { ParameterLayout } from '../../worker/model/parameters/parameter-layout.js';
import { HostState } from '../../worker/state/host-state.js';
import { modelOfStage } from '../../worker/training/stages/open-stage.js';
import { smallDataset } from './small-run/small-dataset.js';
import { smallJob } from './small-run/small-job.js';

export interface TrainedRun {
  readonly folder: string;
  readonly job: TrainingJob;
  /** Its folder of the dataset. */
  readonly data: string;
  readonly checkpoint: string;
}

/** @param more fields of the job's spec */
export async function trainedRun(folder: string, more: object = {}): Promise<TrainedRun> {
  const data = join(folder, 'data', 'imported');
  await smallDataset(data);
  const job = resolveJob(smallJob(data, more));
  const output = join(folder, 'run');
  mkdirSync(join(output, 'checkpoints'), { recursive: true });
  writeFileSync(join(output, 'job.json'), JSON.stringify(job));
  const dataset = await openDataset(data);
  const stages = stagesOf(job, trainingView(dataset));
  const { layout } = modelOfStage({ dataset, stages }, stageAt(stages, 1));
  const state = new HostState(layout, { ...HostState.zeros(layout), parameters: weights(layout) });
  const identity = { committedSteps: 1, jobDigest: jobDigest(job), datasetDigest: dataset.digest };
  const checkpoint = await writeCheckpoint(join(output, 'checkpoints'), identity, state);
  return { folder: output, job, data, checkpoint };
}

/** What begins with zeros, such as an adapter, would not be missed: here nothing does. */
function weights(layout: ParameterLayout): Float32Array {
  const flat = initialWeights(layout, { seed: 1, temperature: 0.07, deviation: 0.5 });
  for (const { name } of layout.entries) {
    const values = layout.view(flat, name);
    if (values.some((value) => value !== 0)) continue;
    values.forEach((_, at) => {
      values[at] = ((at % 7) - 3) / 10;
    });
  }
  return flat;
}
