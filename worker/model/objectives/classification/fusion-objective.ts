/**
 * Tells the targets of a user apart by their labels, beside the next items of the history:
 * loss = generativeWeight * InfoNCE + binary cross-entropy, in one pass of the user model (HLLM's
 * discriminative stage, arXiv:2409.12740).
 *
 * Legend: P floats of the flat parameters, T targets, H hidden size.
 */
import type { Step } from '../../../../shared/ids.js';
import type { LanePlan, LaneTargets } from '../../../../shared/plan/lane-plan.js';
import type { ModelConfig } from '../../model-config.js';
import type { NamedShape, ParameterLayout } from '../../parameters/parameter-layout.js';
import type { UserSequences } from '../../users/user-rows.js';
import { nextItemMeasures, nextItemParameters } from '../generative/next-item.js';
import { NoLiveNegativesError } from '../generative/no-live-negatives-error.js';
import { constrainTemperature, logitScale } from '../generative/temperature.js';
import type { Measures, MeasureValues } from '../measure.js';
import type {
  Objective,
  ScoredTargets,
  UserLane,
  UserLaneResult,
  UserTower,
} from '../objective.js';
import {
  type ClassificationPart,
  headInput,
  noTargets,
  trainClassification,
} from './classification-part.js';
import { FusedPass, tokenOf } from './fused-pass.js';
import type { Fusion } from './fusion.js';
import { type NextItemPart, noNextItems, trainNextItemPart } from './next-item-part.js';
import { headParameters, runHead } from './prediction-head.js';

const classificationMeasures: Measures = {
  targets: { kind: 'sum' },
  /** The mean over the step's targets. */
  classification_loss: { kind: 'sum' },
};

const bothMeasures: Measures = {
  ...nextItemMeasures,
  /** The mean over the step's predictions, without its weight. */
  generative_loss: { kind: 'sum' },
  ...classificationMeasures,
};

export class FusionObjective implements Objective {
  readonly parameters: readonly NamedShape[];
  readonly measures: Measures;
  readonly #fusion: Fusion;
  readonly #config: ModelConfig;
  readonly #generativeWeight: number;
  readonly #keepLogits: boolean;

  constructor(fusion: Fusion, config: ModelConfig, generativeWeight: number, keepLogits: boolean) {
    const { hiddenSize } = config.user;
    this.#fusion = fusion;
    this.#config = config;
    this.#generativeWeight = generativeWeight;
    this.#keepLogits = keepLogits;
    this.measures = this.#predicts ? bothMeasures : classificationMeasures;
    this.parameters = [
      ...nextItemParameters,
      ...fusion.parameters(hiddenSize),
      ...headParameters(hiddenSize, fusion.readsTarget ? 2 * hiddenSize : hiddenSize),
    ];
  }

  /** Without a weight there is no generative part, unless someone wants to see its logits. */
  get #predicts(): boolean {
    return this.#generativeWeight > 0 || this.#keepLogits;
  }

  train(lane: UserLane, tower: UserTower): UserLaneResult {
    const { start, end } = tower.layout.sections.user;
    lane.gradient_P.fill(0, start, end);
    const { histories, targets } = readable(lane.plan);
    if (histories.offsets.length === 1) {
      const nothing = new Float32Array(lane.embeddings_NH.length);
      return this.#result(this.#predicts ? noNextItems : null, noTargets, nothing);
    }
    const fused = this.#fusion.fuse(histories, targets);
    const pass = new FusedPass(this.#fusion, fused, lane, tower);
    const nextItems = this.#predicts
      ? trainNextItemPart(pass, histories, this.#generativeWeight, {
          falseNegatives: this.#config.falseNegatives,
          keepLogits: this.#keepLogits,
        })
      : null;
    const classes = trainClassification(pass, this.#fusion, targets);
    pass.pullback();
    return this.#result(nextItems, classes, pass.dEmbeddings);
  }

  score({ histories, targets, embeddings_NH }: ScoredTargets, tower: UserTower): Float32Array {
    if (targets.rows.length === 0) return new Float32Array(0);
    const fused = this.#fusion.fuse(histories, targets);
    const { llm, weights, layout, flat } = tower;
    const token = tokenOf(this.#fusion, tower);
    const states_MH = llm.readAll(fused.read, embeddings_NH, weights, token);
    const { hiddenSize } = this.#config.user;
    const input = headInput(
      this.#fusion,
      fused,
      targets.rows,
      states_MH,
      embeddings_NH,
      hiddenSize,
    );
    const head = runHead(input, layout, flat);
    head.dispose();
    return head.logits;
  }

  readings(layout: ParameterLayout, flat: Float32Array): MeasureValues {
    return this.#generativeWeight > 0 ? { logit_scale: logitScale(layout, flat) } : {};
  }

  constrain(layout: ParameterLayout, flat: Float32Array): void {
    constrainTemperature(layout, flat);
  }

  /** Where the generative part is lost, the labels are left. */
  nothingToLearn(step: Step, { targets, live_negatives }: MeasureValues): Error | null {
    return targets === 0 && live_negatives === 0
      ? new NoLiveNegativesError(step, this.#config.falseNegatives)
      : null;
  }

  #result(
    nextItems: NextItemPart | null,
    classes: ClassificationPart,
    dEmbeddings: Float32Array,
  ): UserLaneResult {
    return {
      loss: this.#generativeWeight * (nextItems?.loss ?? 0) + classes.loss,
      measures: {
        ...nextItems?.measures,
        ...(nextItems !== null && { generative_loss: nextItems.loss }),
        targets: classes.logits.length,
        classification_loss: classes.loss,
      },
      dEmbeddings,
      outputs:
        this.#keepLogits && nextItems?.logits
          ? { logits: nextItems.logits, class_logits: classes.logits }
          : {},
    };
  }
}

/** The lane's histories that have anything to read, with their targets. */
function readable(plan: LanePlan): { histories: UserSequences; targets: LaneTargets } {
  const { sequenceOffsets: offsets, sequenceRows: rows, targets } = plan;
  if (targets === null) {
    throw new Error(
      `Cannot train lane ${plan.lane} of step ${plan.step}: its plan has no targets: an objective ` +
        'that tells them apart needs them',
    );
  }
  const isRead = (user: number): boolean =>
    offsets[user] !== offsets[user + 1] || targets.offsets[user] !== targets.offsets[user + 1];
  // A history that is left out has neither rows nor targets: the others' stay where they are.
  const kept = (of: Int32Array): Int32Array =>
    of.filter((_, index) => index === 0 || isRead(index - 1));
  return {
    histories: { offsets: kept(offsets), rows },
    targets: { ...targets, offsets: kept(targets.offsets) },
  };
}
