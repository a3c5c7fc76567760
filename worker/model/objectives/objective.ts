/**
 * What the user model is trained for. An objective reads a lane's plan and the step's item
 * embeddings, runs the user model, and answers with a loss and all gradients; whatever else depends
 * on the objective (its own parameters, what a step reports, how a user is scored) it says as data.
 * `open-objective.ts` chooses one.
 *
 * Legend: P floats of the flat parameters, N items of a step, H hidden size, U histories, T targets.
 */
import type { Step } from '../../../shared/ids.js';
import type { LanePlan } from '../../../shared/plan/lane-plan.js';
import type { NamedShape, ParameterLayout } from '../parameters/parameter-layout.js';
import type { DecoderWeights } from '../parameters/parameters.js';
import type { UserLlm } from '../users/user-llm.js';
import type { UserSequences } from '../users/user-rows.js';
import type { Measures, MeasureValues } from './measure.js';

/** The user model with the weights of a step. */
export interface UserTower {
  readonly llm: UserLlm;
  readonly weights: DecoderWeights;
  readonly layout: ParameterLayout;
  /** [P] */
  readonly flat: Float32Array;
}

export interface UserLane {
  readonly plan: LanePlan;
  /** All items of the step. [N * H] */
  readonly embeddings_NH: Float32Array;
  /** [P]; its whole user section is to be written. */
  readonly gradient_P: Float32Array;
}

export interface UserLaneResult {
  /** The lane's share of the step's loss. */
  readonly loss: number;
  /** The lane's share of each of the objective's measures. */
  readonly measures: MeasureValues;
  /** [N * H] */
  readonly dEmbeddings: Float32Array;
  /** By name, what a comparison wants to see; empty unless the model was made with `keepLogits`. */
  readonly outputs: Readonly<Record<string, Float32Array>>;
}

export interface ScoredTargets {
  readonly histories: UserSequences;
  /** Rows of the item matrix: history u has the targets rows[offsets[u]..offsets[u+1]). */
  readonly targets: UserSequences;
  /** [N * H] */
  readonly embeddings_NH: Float32Array;
}

export interface Objective {
  /** Of its own, behind the decoder in the user section of the flat vector. */
  readonly parameters: readonly NamedShape[];
  readonly measures: Measures;
  /** Forward and backward of a lane's sequences; no sequence is legal. */
  train(lane: UserLane, tower: UserTower): UserLaneResult;
  /**
   * A logit for each target of each history: the larger, the likelier the user takes it. [T]
   * Of an objective that reads labels, its sigmoid is the label's probability.
   */
  score(asked: ScoredTargets, tower: UserTower): Float32Array;
  /** Numbers of the parameters that a step reports, by their names in the history. */
  readings(layout: ParameterLayout, flat: Float32Array): MeasureValues;
  /** Brings parameters back into their range, in place. */
  constrain(layout: ParameterLayout, flat: Float32Array): void;
  /** Null where a step with these numbers has something to learn from; else what to throw. */
  nothingToLearn(step: Step, measures: MeasureValues): Error | null;
}
