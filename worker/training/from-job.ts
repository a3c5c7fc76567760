/** What the model and the optimizer need to know of a job. */
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import type { Computation, ModelConfig } from '../model/model-config.js';
import type { OptimizerSettings } from './optimizer.js';

export function modelConfig({ spec }: TrainingJob, vocabularySize: number): ModelConfig {
  return {
    item: spec.model.item,
    user: spec.model.user,
    vocabularySize,
    itemEmbedding: spec.model.itemEmbedding,
    maxTextLength: spec.model.maxTextLength,
    falseNegativeThreshold: spec.objective.falseNegativeThreshold,
  };
}

export const computation = ({ spec }: TrainingJob): Computation => ({
  precision: spec.engine.precision === 'bf16' ? 'bf16' : 'f32',
  activations: spec.engine.activations,
});

/** @param totalSteps of the whole job, also where a run ends before it. */
export function optimizerSettings({ spec }: TrainingJob, totalSteps: number): OptimizerSettings {
  const { optimizer } = spec;
  return {
    learningRate: optimizer.learningRate,
    schedule: { ...optimizer.schedule, totalSteps },
    beta1: optimizer.betas[0],
    beta2: optimizer.betas[1],
    eps: optimizer.eps,
    weightDecay: optimizer.weightDecay,
    clipGradNorm: optimizer.clipGradNorm,
  };
}
