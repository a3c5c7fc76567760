/**
 * HLLM (arXiv:2409.12740): an Item LLM turns a text into an embedding, a User LLM reads a sequence
 * of embeddings and predicts the next one. Here as the phases of a training step: everything that
 * crosses the network (embeddings, gradients) is a Float32Array, everything between is the
 * engine's.
 *
 * Legend: P floats of the flat parameters, N items of a step, n items of a lane, H hidden size,
 * U sequences, T targets.
 */
import { dispose, type Tensor } from '@tensorflow/tfjs-core';
import type { Step } from '../../shared/ids.js';
import type { LanePlan } from '../../shared/plan/lane-plan.js';
import { allOrNothing } from './autodiff/all-or-nothing.js';
import { type ItemEncoding, ItemLlm, type ItemWeights } from './items/item-llm.js';
import type { PackedItems } from './items/packed-items.js';
import { type Computation, type ModelConfig, plainComputation } from './model-config.js';
import type { Measures, MeasureValues } from './objectives/measure.js';
import type { Objective, UserLaneResult, UserTower } from './objectives/objective.js';
import { openObjective } from './objectives/open-objective.js';
import { type NamedShape, ParameterLayout } from './parameters/parameter-layout.js';
import { type DecoderWeights, decoderWeights, weightTensors } from './parameters/parameters.js';
import { isEverything, type WhatTrains } from './parameters/what-trains.js';
import { UserLlm } from './users/user-llm.js';
import type { UserSequences } from './users/user-rows.js';

export type { ItemEncoding } from './items/item-llm.js';
export type { UserLaneResult } from './objectives/objective.js';
export type { UserSequences } from './users/user-rows.js';

export interface HllmOptions {
  /** Whether lane results carry their logits, which a trainer has no use for. */
  readonly keepLogits?: boolean;
  readonly computation?: Computation;
  /** Everything, where it is left out. */
  readonly trains?: WhatTrains;
  /** Parameters that other stages of the job have: they are part of its checkpoints all the time. */
  readonly kept?: readonly NamedShape[];
}

export class Hllm {
  readonly config: ModelConfig;
  readonly layout: ParameterLayout;
  readonly #objective: Objective;
  readonly #itemLlm: ItemLlm;
  readonly #userLlm: UserLlm;
  #loaded: Loaded | null = null;

  constructor(config: ModelConfig, options: HllmOptions = {}) {
    this.config = config;
    this.#objective = openObjective(config, options.keepLogits ?? false);
    const { trains, kept } = options;
    this.layout = new ParameterLayout(config, this.#objective.parameters, trains, kept);
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
    this.#loaded = allOrNothing(() => this.#load(flat, null));
  }

  /** Whether these parameters are the ones that it has, as far as loads and reloads have told it. */
  holds(flat: Float32Array): boolean {
    return this.#loaded?.flat === flat;
  }

  /** After an update of the vector that was loaded: reads anew what trains, and nothing else. */
  reload(): void {
    const before = this.#parameters();
    if (isEverything(this.layout.trains)) {
      this.load(before.flat);
      return;
    }
    const after = allOrNothing(() => this.#load(before.flat, before));
    const kept = new Set(tensorsOf(after));
    dispose(tensorsOf(before).filter((tensor) => !kept.has(tensor)));
    this.#loaded = after;
  }

  #load(flat: Float32Array, before: Loaded | null): Loaded {
    const { layout, config } = this;
    const { item, user } = config;
    const tokens = this.#itemLlm.loadTokens(flat, before?.item.tokens ?? null);
    return {
      flat,
      item: { ...decoderWeights(layout, flat, 'item_llm', item.layers, before?.item), tokens },
      user: decoderWeights(layout, flat, 'user_llm', user.layers, before?.user),
    };
  }

  /** Frees the parameters' tensors. */
  dispose(): void {
    if (this.#loaded === null) return;
    dispose(tensorsOf(this.#loaded));
    this.#loaded = null;
  }

  /** How the numbers of lanes become those of a step. */
  get measures(): Measures {
    return this.#objective.measures;
  }

  /** Numbers of the parameters [P] that a step reports. */
  readings(flat: Float32Array): MeasureValues {
    return this.#objective.readings(this.layout, flat);
  }

  /** Brings parameters [P] back into their range, in place: before the optimizer moves them. */
  constrain(flat: Float32Array): void {
    this.#objective.constrain(this.layout, flat);
  }

  /** Null where a step with these numbers has something to learn from; else what to throw. */
  nothingToLearn(step: Step, measures: MeasureValues): Error | null {
    return this.#objective.nothingToLearn(step, measures);
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

  /** A logit for each target of each history, for evaluation: see `Objective.score`. [T] */
  scoreTargets(
    histories: UserSequences,
    targets: UserSequences,
    embeddings_NH: Float32Array,
  ): Float32Array {
    return this.#objective.score({ histories, targets, embeddings_NH }, this.#userTower());
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
    return this.#objective.train({ plan, embeddings_NH, gradient_P }, this.#userTower());
  }

  #userTower(): UserTower {
    const { flat, user } = this.#parameters();
    return { llm: this.#userLlm, weights: user, layout: this.layout, flat };
  }

  #parameters(): Loaded {
    if (this.#loaded === null) {
      throw new Error('Cannot run the model: it has no parameters: call load first');
    }
    return this.#loaded;
  }
}

interface Loaded {
  readonly flat: Float32Array;
  readonly item: ItemWeights;
  readonly user: DecoderWeights;
}

const tensorsOf = ({ item, user }: Loaded): Tensor[] => [
  ...weightTensors(item),
  ...weightTensors(user),
  ...(item.tokens === null ? [] : [item.tokens.words, item.tokens.item]),
];
