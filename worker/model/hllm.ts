/**
 * HLLM (arXiv:2409.12740): an Item LLM turns a text into an embedding, a User LLM reads a sequence
 * of embeddings and predicts the next one. Here as the phases of a training step: everything that
 * crosses the network (embeddings, gradients) is a Float32Array, everything between is the
 * engine's.
 *
 * Legend: P floats of the flat parameters, N items of a step, n items of a lane, H hidden size,
 * R predictions, K negatives, U sequences.
 */
import { dispose, type Tensor, tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import type { LanePlan } from '../../shared/plan/lane-plan.js';
import { allOrNothing } from './autodiff/all-or-nothing.js';
import { addRows, takeRows } from './autodiff/rows.js';
import { type ItemEncoding, ItemLlm, type ItemWeights } from './items/item-llm.js';
import type { PackedItems } from './items/packed-items.js';
import { type Computation, type ModelConfig, plainComputation } from './model-config.js';
import { type InfoNceTensors, infoNce } from './objectives/generative/info-nce.js';
import { userLane } from './objectives/generative/user-lane.js';
import { logitScaleName, ParameterLayout } from './parameters/parameter-layout.js';
import { type DecoderWeights, decoderWeights, disposeWeights } from './parameters/parameters.js';
import type { WhatTrains } from './parameters/what-trains.js';
import { UserLlm, type UserSequences } from './users/user-llm.js';

export type { ItemEncoding } from './items/item-llm.js';
export type { UserSequences } from './users/user-llm.js';

export interface UserLaneResult {
  /** Sum over the lane's predictions, times the plan's `lossScale`. */
  readonly loss: number;
  /** R */
  readonly predictions: number;
  /** Predictions whose positive had the highest logit. */
  readonly top1Hits: number;
  /** Negatives that were not left out, summed over predictions. */
  readonly liveNegatives: number;
  /** The same of the prediction that has fewest; infinite where the lane has no predictions. */
  readonly leastLiveNegatives: number;
  /** [N * H] */
  readonly dEmbeddings: Float32Array;
  /** [R * (1+K)], the positive first; null unless the model was made with `keepLogits`. */
  readonly logits: Float32Array | null;
}

export interface HllmOptions {
  /** Whether lane results carry their logits, which a trainer has no use for. */
  readonly keepLogits?: boolean;
  readonly computation?: Computation;
  /** Everything, where it is left out. */
  readonly trains?: WhatTrains;
}

/** The temperature is at least 1/100, as in the reference. */
export const maxLogitScale = Math.fround(Math.log(100));

export class Hllm {
  readonly config: ModelConfig;
  readonly layout: ParameterLayout;
  readonly #keepLogits: boolean;
  readonly #itemLlm: ItemLlm;
  readonly #userLlm: UserLlm;
  #loaded: Loaded | null = null;

  constructor(config: ModelConfig, options: HllmOptions = {}) {
    this.config = config;
    this.layout = new ParameterLayout(config, options.trains);
    this.#keepLogits = options.keepLogits ?? false;
    const computation = options.computation ?? plainComputation;
    this.#itemLlm = new ItemLlm(config, this.layout, computation);
    this.#userLlm = new UserLlm(config.user, this.layout, computation);
  }

  /** H */
  get hiddenSize(): number {
    return this.config.item.hiddenSize;
  }

  /**
   * Takes over the parameters [P]. The model reads `flat` until the next load and some engines
   * alias it, so after changing it, load it before anything else.
   */
  load(flat: Float32Array): void {
    this.dispose();
    this.#loaded = allOrNothing(() => ({
      flat,
      item: {
        ...decoderWeights(this.layout, flat, 'item_llm', this.config.item.layers),
        tokens: this.#itemLlm.loadTokens(flat),
      },
      user: decoderWeights(this.layout, flat, 'user_llm', this.config.user.layers),
    }));
  }

  /** Frees the parameters' tensors. */
  dispose(): void {
    if (this.#loaded === null) return;
    disposeWeights(this.#loaded.item);
    dispose(Object.values(this.#loaded.item.tokens ?? {}));
    disposeWeights(this.#loaded.user);
    this.#loaded = null;
  }

  /** The logarithm of the logits' scale, clamped to [0, ln 100] as it is used. */
  logitScale(flat: Float32Array): number {
    const raw = flat[this.layout.entry(logitScaleName).offset] as number;
    return Math.min(maxLogitScale, Math.max(0, raw));
  }

  /**
   * Brings parameters back into their range, in place. The reference clamps before it uses them, so
   * that an update starts from the clamped value: call it before the optimizer.
   */
  constrain(flat: Float32Array): void {
    flat[this.layout.entry(logitScaleName).offset] = this.logitScale(flat);
  }

  /** Encodes a lane's items; no item is legal. */
  encodeItems(items: PackedItems): ItemEncoding {
    const { flat, item } = this.#parameters();
    return this.#itemLlm.encode(items, flat, item);
  }

  /** Embeddings [n * H] without a backward, for evaluation. */
  embedItems(items: PackedItems): Float32Array {
    const { flat, item } = this.#parameters();
    return this.#itemLlm.embed(items, flat, item);
  }

  /**
   * The prediction behind the last item of each sequence, for evaluation. [U * H]
   * @param embeddings_NH the rows that the sequences name.
   */
  readUsers(sequences: UserSequences, embeddings_NH: Float32Array): Float32Array {
    return this.#userLlm.readLast(sequences, embeddings_NH, this.#parameters().user);
  }

  /**
   * Forward and backward of a lane's sequences; no sequence is legal.
   * @param embeddings_NH all items of the step.
   * @param gradient_P as long as what trains; its whole user section is written.
   */
  trainUsers(
    plan: LanePlan,
    embeddings_NH: Float32Array,
    gradient_P: Float32Array,
  ): UserLaneResult {
    const { user, flat } = this.#parameters();
    const { inputs, targets } = userLane(plan);
    const dEmbeddings = new Float32Array(embeddings_NH.length);
    if (targets.length === 0) {
      const { start, end } = this.layout.sections.user;
      gradient_P.fill(0, start, end);
      return emptyLane(dEmbeddings, this.#keepLogits);
    }

    const pass = this.#userLlm.run(inputs, embeddings_NH, user);
    const positives = this.#rows(embeddings_NH, targets);
    const negatives = this.#rows(embeddings_NH, plan.negatives);
    const positiveRows = tensor1d(targets, 'int32');
    const negativeRows = tensor1d(plan.negatives, 'int32');
    const nce = infoNce(
      { users: pass.predictions, positives, negatives, positiveRows, negativeRows },
      {
        scale: Math.fround(Math.exp(this.logitScale(flat))),
        falseNegatives: this.config.falseNegatives,
        lossScale: plan.lossScale,
        keepLogits: this.#keepLogits,
      },
    );
    const dInputs = pass.pullback(nce.dUsers, gradient_P);
    addRows(dEmbeddings, inputs.rows, dInputs, this.hiddenSize);
    addRows(dEmbeddings, targets, nce.dPositives.dataSync<'float32'>(), this.hiddenSize);
    addRows(dEmbeddings, plan.negatives, nce.dNegatives.dataSync<'float32'>(), this.hiddenSize);
    gradient_P[this.layout.entry(logitScaleName).offset] = total(nce.dLogitScale);

    const result = {
      ...laneScores(nce, plan.lossScale, plan.negatives.length),
      dEmbeddings,
      logits: nce.logits?.dataSync<'float32'>().slice() ?? null,
    };
    const given = [pass.predictions, positives, negatives, positiveRows, negativeRows];
    dispose([...given, ...tensorsOf(nce)]);
    return result;
  }

  #rows(embeddings_NH: Float32Array, rows: Int32Array) {
    const hidden = this.hiddenSize;
    return tensor2d(takeRows(embeddings_NH, rows, hidden), [rows.length, hidden]);
  }

  #parameters(): Loaded {
    if (this.#loaded === null) {
      throw new Error('Cannot run the model: it has no parameters: call load first');
    }
    return this.#loaded;
  }
}

const tensorsOf = (nce: InfoNceTensors): Tensor[] =>
  Object.values(nce).filter((tensor) => tensor !== null);

interface Loaded {
  readonly flat: Float32Array;
  readonly item: ItemWeights;
  readonly user: DecoderWeights;
}

const emptyLane = (dEmbeddings: Float32Array, keepLogits: boolean): UserLaneResult => ({
  loss: 0,
  predictions: 0,
  top1Hits: 0,
  liveNegatives: 0,
  leastLiveNegatives: Number.POSITIVE_INFINITY,
  dEmbeddings,
  logits: keepLogits ? new Float32Array(0) : null,
});

/** Sums in double precision and in the order of the predictions. */
const total = (values: Tensor): number =>
  values.dataSync<'float32'>().reduce((sum, value) => sum + value, 0);

function laneScores(nce: InfoNceTensors, lossScale: number, negatives: number) {
  const predictions = nce.losses.shape[0];
  const logits = nce.positiveLogits.dataSync<'float32'>();
  const best = nce.best.dataSync<'float32'>();
  const masked = nce.masked.dataSync<'float32'>();
  return {
    loss: total(nce.losses) * lossScale,
    predictions,
    top1Hits: logits.reduce((hits, logit, row) => hits + (logit === best[row] ? 1 : 0), 0),
    liveNegatives: predictions * negatives - total(nce.masked),
    leastLiveNegatives: negatives - masked.reduce((most, count) => Math.max(most, count), 0),
  };
}
