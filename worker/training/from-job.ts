/** What the model and the optimizer need to know of a job. */
import { warmupOf } from '../../shared/job-spec/defaults.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import type { Computation, FalseNegatives, ModelConfig } from '../model/model-config.js';
import type { OptimizerSettings } from './optimizer/optimizer.js';

export function modelConfig({ spec }: TrainingJob, vocabularySize: number): ModelConfig {
  return {
    item: spec.model.item,
    user: spec.model.user,
    vocabularySize,
    itemEmbedding: spec.model.itemEmbedding,
    maxTextLength: spec.model.maxTextLength,
    falseNegatives: falseNegatives(spec.objective),
  };
}

function falseNegatives({
  falseNegatives: kind,
  falseNegativeThreshold,
}: TrainingJob['spec']['objective']): FalseNegatives {
  switch (kind) {
    case 'text':
      return { kind: 'rows' };
    case 'cosine':
      return { kind, threshold: falseNegativeThreshold as number };
    case 'none':
      return { kind };
  }
}

export const computation = ({ spec }: TrainingJob): Computation => ({
  precision: spec.engine.precision === 'bf16' ? 'bf16' : 'f32',
  activations: spec.engine.activations,
});

/** @param totalSteps of the whole job, also where a run ends before it. */
export function optimizerSettings({ spec }: TrainingJob, totalSteps: number): OptimizerSettings {
  const { optimizer } = spec;
  const { schedule } = optimizer;
  return {
    learningRate: optimizer.learningRate,
    schedule: { ...schedule, warmupSteps: warmupOf(schedule, totalSteps), totalSteps },
    beta1: optimizer.betas[0],
    beta2: optimizer.betas[1],
    eps: optimizer.eps,
    weightDecay: optimizer.weightDecay,
    clipGradNorm: optimizer.clipGradNorm,
  };
}
