/** What the model and the optimizer need to know of a job. */
import { warmupOf } from '../../shared/job-spec/defaults.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import { generativeWeight } from '../../shared/job-spec/sections/objective.js';
import type { Asked } from '../evaluation/evaluate.js';
import type {
  Computation,
  DecoderConfig,
  FalseNegatives,
  ModelConfig,
  RopeScaling,
} from '../model/model-config.js';
import type { ObjectiveConfig } from '../model/objectives/objective-config.js';
import type { WhatTrains } from '../model/parameters/what-trains.js';
import type { OptimizerSettings } from './optimizer/optimizer.js';

export function modelConfig({ spec }: TrainingJob, vocabularySize: number): ModelConfig {
  return {
    item: decoderConfig(spec.model.item),
    user: decoderConfig(spec.model.user),
    vocabularySize,
    itemEmbedding: spec.model.itemEmbedding,
    maxTextLength: spec.model.maxTextLength,
    falseNegatives: falseNegatives(spec.objective),
    objective: objectiveConfig(spec.objective),
  };
}

function objectiveConfig(objective: TrainingJob['spec']['objective']): ObjectiveConfig {
  if (objective.kind === 'generative') return { kind: objective.kind };
  return { kind: objective.kind, generativeWeight: objective.generativeWeight };
}

type DecoderSection = TrainingJob['spec']['model']['item'];

export const decoderConfig = ({
  ropeScaling,
  train,
  ...section
}: DecoderSection): DecoderConfig => ({
  ...section,
  ...(ropeScaling !== undefined && { ropeScaling: scalingOf(ropeScaling) }),
});

function scalingOf(given: NonNullable<DecoderSection['ropeScaling']>): RopeScaling {
  const { kind, factor } = given;
  if (kind === 'linear') return { kind, factor };
  return {
    kind,
    factor,
    lowFrequencyFactor: given.lowFrequencyFactor as number,
    highFrequencyFactor: given.highFrequencyFactor as number,
    originalContext: given.originalContext as number,
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

export const whatTrains = ({ spec }: TrainingJob): WhatTrains => ({
  item: spec.model.item.train ?? { kind: 'all' },
  user: spec.model.user.train ?? { kind: 'all' },
});

/** What the weights of this job are measured by. */
export function asksOf({ spec }: TrainingJob): Asked {
  const { objective, seed } = spec;
  const rankings = generativeWeight(objective) > 0;
  if (objective.kind === 'generative') return { rankings, targets: null };
  const { targets } = objective;
  return {
    rankings,
    targets:
      targets.kind === 'data'
        ? { kind: 'data' }
        : { kind: 'sampled', negatives: targets.negatives, seed },
  };
}

export const computation = ({ spec }: TrainingJob): Computation => ({
  precision: spec.engine.precision === 'bf16' ? 'bf16' : 'f32',
  activations: spec.engine.activations,
});

/**
 * @param totalSteps of the whole stage, also where a run ends before it
 * @param firstStep committed steps at which the stage began
 */
export function optimizerSettings(
  { spec }: TrainingJob,
  totalSteps: number,
  firstStep = 0,
): OptimizerSettings {
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
    multipliers: optimizer.multipliers ?? [],
    firstStep,
  };
}
