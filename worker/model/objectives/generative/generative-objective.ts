/** Next-item prediction alone, as HLLM is trained in its first stage. */
import { dispose } from '@tensorflow/tfjs-core';
import type { Step } from '../../../../shared/ids.js';
import { addRows } from '../../autodiff/rows.js';
import type { ModelConfig } from '../../model-config.js';
import type { ParameterLayout } from '../../parameters/parameter-layout.js';
import { plainRows } from '../../users/user-rows.js';
import type { MeasureValues } from '../measure.js';
import type {
  Objective,
  ScoredTargets,
  UserLane,
  UserLaneResult,
  UserTower,
} from '../objective.js';
import { nextItemMeasures, nextItemParameters, noPredictions, trainNextItem } from './next-item.js';
import { NoLiveNegativesError } from './no-live-negatives-error.js';
import { scoreByCosine } from './score-by-cosine.js';
import { constrainTemperature, logitScale } from './temperature.js';
import { userLane } from './user-lane.js';

export class GenerativeObjective implements Objective {
  readonly parameters = nextItemParameters;
  readonly measures = nextItemMeasures;
  readonly #config: ModelConfig;
  readonly #keepLogits: boolean;

  constructor(config: ModelConfig, keepLogits: boolean) {
    this.#config = config;
    this.#keepLogits = keepLogits;
  }

  train(lane: UserLane, tower: UserTower): UserLaneResult {
    const { plan, embeddings_NH, gradient_P } = lane;
    const { inputs, targets } = userLane(plan);
    const dEmbeddings = new Float32Array(embeddings_NH.length);
    if (targets.length === 0) {
      const { start, end } = tower.layout.sections.user;
      gradient_P.fill(0, start, end);
      return this.#result(0, noPredictions, dEmbeddings, new Float32Array(0));
    }
    const pass = tower.llm.run(plainRows(inputs), embeddings_NH, tower.weights);
    const nextItem = trainNextItem(pass.predictions, targets, lane, tower, {
      falseNegatives: this.#config.falseNegatives,
      lossScale: plan.lossScale,
      keepLogits: this.#keepLogits,
    });
    const dInputs = pass.pullback(nextItem.dUsers, gradient_P);
    addRows(dEmbeddings, inputs.rows, dInputs, this.#config.user.hiddenSize);
    nextItem.addGradients(dEmbeddings);
    dispose([pass.predictions, nextItem.dUsers]);
    const { lossSum, measures, logits } = nextItem;
    return this.#result(lossSum * plan.lossScale, measures, dEmbeddings, logits);
  }

  score(asked: ScoredTargets, tower: UserTower): Float32Array {
    return scoreByCosine(asked, tower);
  }

  readings(layout: ParameterLayout, flat: Float32Array): MeasureValues {
    return { logit_scale: logitScale(layout, flat) };
  }

  constrain(layout: ParameterLayout, flat: Float32Array): void {
    constrainTemperature(layout, flat);
  }

  nothingToLearn(step: Step, { live_negatives }: MeasureValues): Error | null {
    return live_negatives === 0
      ? new NoLiveNegativesError(step, this.#config.falseNegatives)
      : null;
  }

  #result(
    loss: number,
    measures: MeasureValues,
    dEmbeddings: Float32Array,
    logits: Float32Array | null,
  ): UserLaneResult {
    const outputs = this.#keepLogits && logits !== null ? { logits } : {};
    return { loss, measures, dEmbeddings, outputs };
  }
}
