/**
 * A trained model in the process of whoever asks it: a job, its dataset, the weights of one checkpoint
 * and the job's engine. No server, no workers, no optimizer.
 */
import type { Dataset } from '../../dataset/dataset.js';
import { trainingOffsets } from '../../dataset/training-view.js';
import { jobDigest } from '../../shared/job-spec/job-digest.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import { stageAt, stagesOf } from '../../shared/plan/stages.js';
import { type CheckpointManifest, modelFile } from '../checkpoint/checkpoint-folder.js';
import { readTensors } from '../checkpoint/read-checkpoint.js';
import type { Engine } from '../engine/engine.js';
import { openEngine } from '../engine/open-engine.js';
import type { Hllm } from '../model/hllm.js';
import { HostState } from '../state/host-state.js';
import { modelOfStage } from '../training/stages/open-stage.js';
import { type CheckpointWish, openCheckpoint } from './open-checkpoint.js';

export interface TrainedModelWish {
  readonly job: TrainingJob;
  /** The one that the run was trained on. */
  readonly dataset: Dataset;
  /** The folder that holds the run's checkpoints. */
  readonly checkpoints: string;
  readonly checkpoint: CheckpointWish;
  /** Whether the model is to compute: then the engine holds the weights too, as in training. */
  readonly computes: boolean;
  /** What the user should know and nothing depends on. */
  readonly note: (text: string) => void;
}

export interface TrainedModel {
  /** Of a job with stages, that of the stage which the checkpoint belongs to. */
  readonly job: TrainingJob;
  readonly dataset: Dataset;
  readonly engine: Engine;
  /** With its weights loaded where it is to compute. */
  readonly model: Hllm;
  /** The parameters. [P] */
  readonly flat: Float32Array;
  readonly checkpoint: { readonly path: string; readonly manifest: CheckpointManifest };
}

/**
 * @throws CheckpointError where there is none, or it is damaged, belongs to another job or dataset, or has
 *   other parameters than the model; EngineUnavailableError, ModelTooLargeError
 */
export async function openTrainedModel(wish: TrainedModelWish): Promise<TrainedModel> {
  const { job, dataset, checkpoints, note } = wish;
  const { name, threads, mode, precision } = job.spec.engine;
  const deterministic = mode === 'exact';
  const engine = await openEngine(name, { threads, deterministic, tf32: precision !== 'f32' });
  const stages = stagesOf(job, { sequenceOffsets: trainingOffsets(dataset) });
  const expected = { jobDigest: jobDigest(job), datasetDigest: dataset.digest };
  const open = async (path: string, manifest: CheckpointManifest): Promise<TrainedModel> => {
    const stage = stageAt(stages, manifest.committedSteps);
    const model = modelOfStage({ dataset, stages }, stage);
    // Zeros that nobody writes to take no memory: the moments cost nothing here.
    const state = HostState.zeros(model.layout);
    await readTensors(path, modelFile, manifest, state);
    const flat = state.parameters;
    if (wish.computes) model.load(flat);
    return { job: stage.job, dataset, engine, model, flat, checkpoint: { path, manifest } };
  };
  return openCheckpoint(checkpoints, wish.checkpoint, expected, open, note);
}
