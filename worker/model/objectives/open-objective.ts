/** The objectives there are: a folder each, and a line here. */
import type { ModelConfig } from '../model-config.js';
import { FusionObjective } from './classification/fusion-objective.js';
import { earlyFusion } from './early-fusion/early-fusion.js';
import { GenerativeObjective } from './generative/generative-objective.js';
import { lateFusion } from './late-fusion/late-fusion.js';
import type { Objective } from './objective.js';

/** @param keepLogits whether lane results carry their logits, which a trainer has no use for. */
export function openObjective(config: ModelConfig, keepLogits: boolean): Objective {
  const { objective } = config;
  switch (objective.kind) {
    case 'generative':
      return new GenerativeObjective(config, keepLogits);
    case 'early-fusion':
      return new FusionObjective(earlyFusion, config, objective.generativeWeight, keepLogits);
    case 'late-fusion':
      return new FusionObjective(lateFusion, config, objective.generativeWeight, keepLogits);
  }
}
