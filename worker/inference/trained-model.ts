/**
 * A trained model in the process of whoever asks it: a job, its dataset, the weights of one checkpoint
 * and the job's engine. No server, no workers, no optimizer.
 */
import type { Dataset } from '../../dataset/dataset.js';
import { jobDigest } from '../../shared/job-spec/job-digest.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import { openEngine } from '../engine/open-engine.js';
import { Hllm } from '../model/hllm.js';
import { HostState } from '../state/host-state.js';
import { computation, modelConfig } from '../training/from-job.js';
import { type CheckpointWish, type LoadedWeights, loadWeights } from './load-weights.js';

export interface TrainedModelWish {
  readonly job: TrainingJob;
  /** The one that the run was trained on. */
  readonly dataset: Dataset;
  /** The folder that holds the run's checkpoints. */
  readonly checkpoints: string;
  readonly checkpoint: CheckpointWish;
  /** What the user should know and nothing depends on. */
  readonly note: (text: string) => void;
}

export interface TrainedModel {
  readonly job: TrainingJob;
  readonly dataset: Dataset;
  /** With its weights loaded. */
  readonly model: Hllm;
  /** Parameters alone: nobody has written to the sections of moments. */
  readonly state: HostState;
  readonly weights: LoadedWeights;
}

/**
 * @throws CheckpointError, EngineUnavailableError, ModelTooLargeError
 */
export async function openTrainedModel(wish: TrainedModelWish): Promise<TrainedModel> {
  const { job, dataset, checkpoints, checkpoint, note } = wish;
  const { name, threads, mode, precision } = job.spec.engine;
  await openEngine(name, { threads, deterministic: mode === 'exact', tf32: precision !== 'f32' });
  const model = new Hllm(modelConfig(job, dataset.vocabularySize), {
    computation: computation(job),
  });
  // Zeros that nobody writes to take no memory: the moments cost nothing here.
  const state = HostState.zeros(model.layout);
  const expected = { jobDigest: jobDigest(job), datasetDigest: dataset.digest };
  const weights = await loadWeights(checkpoints, checkpoint, expected, state, note);
  model.load(state.parameters);
  return { job, dataset, model, state, weights };
}
