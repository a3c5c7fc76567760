/** The objectives there are: a folder each, and a line here. */
import type { ModelConfig } from '../model-config.js';
import { GenerativeObjective } from './generative/generative-objective.js';
import type { Objective } from './objective.js';

/** @param keepLogits whether lane results carry their logits, which a trainer has no use for. */
export function openObjective(config: ModelConfig, keepLogits: boolean): Objective {
  switch (config.objective.kind) {
    case 'generative':
      return new GenerativeObjective(config, keepLogits);
  }
}
