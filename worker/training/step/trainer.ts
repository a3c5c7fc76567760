/**
 * The life of a step: encode, gather, users, scatter, items, reduce, commit.
 *
 * Everything that this member computes is computed lane by lane, and everything that members
 * exchange is added in the one tree over lanes, so the bits of a step do not depend on who owns
 * which lane. What overlaps: the user model's gradients travel while the items' backward computes.
 *
 * Legend: V lanes, N distinct items of the step, H hidden size, P floats of the flat parameters.
 */
import type { Clock } from '../../../shared/clock.js';
import { type Lane, type Step, step } from '../../../shared/ids.js';
import type { StateHash } from '../../../shared/ledger/ledger-record.js';
import type { OwnWork } from '../../../shared/messages/work-fields.js';
import type { LaneRun } from '../../../shared/plan/lane-ownership.js';
import type { LanePlan } from '../../../shared/plan/lane-plan.js';
import { mostSums } from '../../../shared/reduction/running-tree-sum.js';
import type { Arithmetic } from '../../arithmetic/arithmetic.js';
import type { Contributions, Exchange } from '../../collective/exchange.js';
import type { Slice } from '../../collective/schedule.js';
import type { Activity } from '../../engine/activity.js';
import type { Hllm, ItemEncoding } from '../../model/hllm.js';
import type { PackedItems } from '../../model/items/packed-items.js';
import { hashedBytes, hashedPart, hashState } from '../../state/state-hash.js';
import type { LaneBatch } from '../batches/lane-batch.js';
import { meanCosine } from '../guard/mean-cosine.js';
import type { StepReport } from '../messages.js';
import {
  type Applied,
  applyGradient,
  type OptimizerSettings,
  type OptimizerState,
} from '../optimizer/optimizer.js';
import { StatisticsExchange } from './exchange-statistics.js';
import { LaneSums } from './lane-sums.js';
import { NonFiniteError } from './non-finite-error.js';
import { withinMemory } from './out-of-memory-error.js';
import { ownWork } from './own-work.js';
import { PhaseTimer } from './phase-timer.js';
import { SharedFloats } from './shared-floats.js';
import { evenSlices, rowSlices } from './slices.js';
import type { LaneScores } from './step-statistics.js';

export interface TrainerParts {
  readonly model: Hllm;
  readonly exchange: Exchange;
  readonly arithmetic: Arithmetic;
  readonly clock: Clock;
  readonly optimizer: OptimizerSettings;
  readonly state: OptimizerState;
  /** Embeddings of a lane's items; the model encodes them now where it is left out. */
  readonly encodeItems?: (plan: LanePlan, items: PackedItems) => ItemEncoding;
  /** Of which every report tells; null, or left out, where the job has none. */
  readonly stage?: string | null;
  /** Runs the update, which no cancellation may cut in two; as it is where it is left out. */
  readonly whole?: <Result>(update: () => Result) => Result;
  /** Hears which phase of a step it is. */
  readonly activity?: Pick<Activity, 'begin' | 'end'>;
  /** Committed steps so far: the only cursor that training has. */
  readonly committedSteps: number;
}

export interface StepOptions {
  /** This member was asked to stop after the step. */
  readonly stop?: boolean;
  /** Whether a checkpoint will be of the state behind this step: all of it is hashed then. */
  readonly hashWhole?: boolean;
  /** The newest planned generation that this member has heard of. */
  readonly change?: number;
  /** Seconds that the step waited for its batches. */
  readonly planSeconds?: number;
  /** Sees the reduced gradient [P] before clipping, and every lane's result. */
  readonly inspect?: (gradient: Float32Array, results: readonly LaneScores[]) => void;
}

export interface StepOutcome {
  readonly report: StepReport;
  /** Of this member alone. */
  readonly work: OwnWork;
  readonly laneLosses: readonly number[];
  /** True where any member was asked to stop. */
  readonly stop: boolean;
  /** The newest planned generation that any member has heard of; 0 where none has. */
  readonly change: number;
}

interface EncodedLane {
  readonly plan: LanePlan;
  readonly encoding: ItemEncoding;
  readonly tokens: number;
}

interface TrainedUsers {
  readonly results: readonly LaneScores[];
  readonly gradient: Contributions;
  /** Of the matrix [N, H]. */
  readonly itemGradient: Contributions;
}

export class Trainer {
  readonly #parts: TrainerParts;
  readonly #embeddings = new SharedFloats();
  readonly #statistics: StatisticsExchange;
  /** Buffers of sums over owned lanes: of the flat gradient, and of the item-gradient matrix. */
  readonly #laneGradients: readonly Float32Array[];
  readonly #laneItemGradients: readonly SharedFloats[];
  readonly #gradient: Float32Array;
  readonly #run: LaneRun;
  #committedSteps: number;

  constructor(parts: TrainerParts) {
    this.#parts = parts;
    this.#committedSteps = parts.committedSteps;
    const { exchange, model } = parts;
    this.#run = exchange.shares.run(exchange.rank);
    const buffers = Array.from({ length: mostSums(this.#run, exchange.shares.lanes) });
    this.#laneGradients = buffers.map(() => sharedVector(model.layout.trainedLength));
    this.#laneItemGradients = buffers.map(() => new SharedFloats());
    this.#gradient = sharedVector(model.layout.trainedLength);
    this.#statistics = new StatisticsExchange({ exchange, measures: model.measures });
    if (!model.holds(parts.state.parameters)) model.load(parts.state.parameters);
  }

  get #trainsItems(): boolean {
    return this.#parts.model.layout.trainsTower('item');
  }

  get committedSteps(): number {
    return this.#committedSteps;
  }

  get state(): OptimizerState {
    return this.#parts.state;
  }

  /**
   * Trains one step on the batches of the owned lanes (in lane order) and commits it.
   *
   * @throws NonFiniteError where the loss or a gradient is not finite; nothing was applied then.
   * @throws ZeroGradientError, or what the objective throws, where there is nothing to learn from; likewise.
   * @throws PeerLostError, PeerTimeoutError where a member is gone; nothing was applied then.
   */
  async step(batches: readonly LaneBatch[], options: StepOptions = {}): Promise<StepOutcome> {
    const encoded: EncodedLane[] = [];
    try {
      return await this.#step(batches, encoded, options);
    } finally {
      // Of a step that fails, activations still wait for their backward.
      for (const { encoding } of encoded) encoding.dispose();
    }
  }

  /** @param encoded gets the lanes whose backward is still to come. */
  async #step(
    batches: readonly LaneBatch[],
    encoded: EncodedLane[],
    options: StepOptions,
  ): Promise<StepOutcome> {
    const { exchange, model, clock } = this.#parts;
    const current = step(this.#committedSteps);
    const timer = new PhaseTimer(clock, this.#parts.activity);
    const waitedBefore = exchange.waited();
    const plans = batches.map(({ plan }) => plan);
    const rows = rowSlices(plans[0] as LanePlan, exchange.shares);

    await timer.measure('encode', () => this.#encode(batches, encoded));
    const embeddings_NH = await timer.measure('gather', () => this.#gather(current, encoded, rows));
    const users = await timer.measure('users', () => this.#users(plans, embeddings_NH));
    const { results } = users;
    const travelling = this.#reduceSection(current, 'user', users.gradient);
    // A failure of the scatter must not leave this promise without a handler.
    travelling.catch(() => undefined);
    const itemGradients = await timer.measure('scatter', () =>
      this.#scatter(current, users.itemGradient, rows),
    );
    const items = await timer.measure('items', () => this.#items(encoded, itemGradients));
    const statistics = await timer.measure('reduce', async () => {
      await Promise.all([travelling, this.#reduceSection(current, 'item', items)]);
      const own = encoded.map(({ plan, tokens }, index) => ({
        plan,
        tokens,
        result: results[index] as LaneScores,
      }));
      const { stop = false, change = 0 } = options;
      return this.#statistics.exchange(current, own, { stop, change });
    });
    options.inspect?.(this.#gradient, results);

    statistics.laneLosses.forEach((loss, lane) => {
      if (!Number.isFinite(loss)) throw NonFiniteError.inLoss(current, lane as Lane, loss);
    });
    const nothing = model.nothingToLearn(current, statistics.measures);
    if (nothing !== null) throw nothing;
    const applied = await timer.measure('optimizer', () => {
      const { whole: undivided = (update) => update() } = this.#parts;
      const whole = statistics.stop || (options.hashWhole ?? false);
      const update = undivided(() => this.#commit(current));
      return { ...update, stateHash: this.#hashState(current, whole) };
    });
    return {
      laneLosses: statistics.laneLosses,
      stop: statistics.stop,
      change: statistics.change,
      work: ownWork(model, batches),
      report: {
        step: current,
        stage: this.#parts.stage ?? null,
        loss: statistics.loss,
        sequences: statistics.sequences,
        itemTokens: statistics.itemTokens,
        distinctItems: statistics.distinctItems,
        measures: { ...statistics.measures, ...model.readings(this.#parts.state.parameters) },
        itemCosine: meanCosine(embeddings_NH, model.hiddenSize),
        gradientNorm: applied.gradientNorm,
        learningRate: applied.learningRate,
        phaseSeconds: { ...timer.seconds, plan: options.planSeconds ?? 0 },
        waitSeconds: (exchange.waited() - waitedBefore) / 1000,
        lanes: statistics.laneDigests,
        stateHash: applied.stateHash,
      },
    };
  }

  /** Synchronous: nobody sees a state between two steps. */
  #commit(current: Step): Applied {
    const applied = applyGradient(this.#parts, current, this.#gradient);
    this.#committedSteps = current + 1;
    this.#parts.model.reload();
    return applied;
  }

  #hashState(at: Step, whole: boolean): StateHash {
    const { arithmetic, state } = this.#parts;
    const bytes = hashedBytes(state);
    return hashState(arithmetic, state, whole ? { begin: 0, end: bytes } : hashedPart(at, bytes));
  }

  #encode(batches: readonly LaneBatch[], into: EncodedLane[]): void {
    const { model, encodeItems = (_, items) => model.encodeItems(items) } = this.#parts;
    for (const { plan, items } of batches) {
      const encode = () => encodeItems(plan, items);
      const encoding = withinMemory(plan.step, plan.lane, encode);
      into.push({ plan, encoding, tokens: items.textTokens });
    }
  }

  /** Everyone's item embeddings, as one matrix [N, H] in the order of the item lanes. */
  async #gather(at: Step, encoded: EncodedLane[], rows: Slice[]): Promise<Float32Array> {
    const { exchange, model } = this.#parts;
    const hidden = model.hiddenSize;
    const matrix_NH = this.#embeddings.view((rows.at(-1) as Slice).end * hidden);
    for (const { plan, encoding } of encoded) {
      matrix_NH.set(encoding.embeddings, (plan.itemLaneOffsets[plan.lane] as number) * hidden);
    }
    const parts = rows.map(({ start, end }) => matrix_NH.subarray(start * hidden, end * hidden));
    await exchange.allGather({ step: at, phase: 'gather', part: 0 }, parts);
    return matrix_NH;
  }

  #users(plans: readonly LanePlan[], embeddings_NH: Float32Array): TrainedUsers {
    const gradient = this.#sumsOf('user');
    const itemGradient = this.#laneSums((buffer) =>
      (this.#laneItemGradients[buffer] as SharedFloats).view(embeddings_NH.length),
    );
    const results = plans.map((plan) => {
      const { dEmbeddings, ...scores } = gradient.push((_, buffer) => {
        const gradient_P = this.#laneGradients[buffer] as Float32Array;
        const train = () => this.#parts.model.trainUsers(plan, embeddings_NH, gradient_P);
        return withinMemory(plan.step, plan.lane, train);
      });
      if (this.#trainsItems) {
        itemGradient.push((vector) => this.#parts.arithmetic.copy(vector, dEmbeddings));
      }
      return scores;
    });
    return { results, gradient: gradient.contributions, itemGradient: itemGradient.contributions };
  }

  /** The gradient of this member's own item rows, summed over all user lanes; none of frozen items. */
  async #scatter(at: Step, contributions: Contributions, rows: Slice[]): Promise<Float32Array> {
    const { exchange, model } = this.#parts;
    if (!this.#trainsItems) return new Float32Array(0);
    const slices = rows.map(({ start, end }) => ({
      start: start * model.hiddenSize,
      end: end * model.hiddenSize,
    }));
    const tag = { step: at, phase: 'scatter', part: 0 };
    return exchange.reduceScatter(tag, contributions, slices);
  }

  /** Backward through the Item LLM; `gradients` holds the rows of the owned item lanes. */
  #items(encoded: EncodedLane[], gradients: Float32Array): Contributions {
    const sums = this.#sumsOf('item');
    let at = 0;
    for (const { plan, encoding } of encoded) {
      const end = at + encoding.embeddings.length;
      const given = gradients.subarray(at, end);
      sums.push((_, buffer) => {
        const gradient_P = this.#laneGradients[buffer] as Float32Array;
        withinMemory(plan.step, plan.lane, () => encoding.pullback(given, gradient_P));
      });
      at = end;
    }
    return sums.contributions;
  }

  /** Sums of one section; the buffers of the other one may be travelling. */
  #sumsOf(name: 'user' | 'item'): LaneSums {
    const { start, end } = this.#parts.model.layout.sections[name];
    return this.#laneSums((buffer) =>
      (this.#laneGradients[buffer] as Float32Array).subarray(start, end),
    );
  }

  #laneSums(vector: (buffer: number) => Float32Array): LaneSums {
    const { exchange, arithmetic } = this.#parts;
    const { lanes } = exchange.shares;
    return new LaneSums({ run: this.#run, lanes, arithmetic }, vector);
  }

  /** Sums one section of the gradient over all lanes, into this member's copy of the whole. */
  async #reduceSection(
    at: Step,
    name: 'user' | 'item',
    contributions: Contributions,
  ): Promise<void> {
    const { exchange, model } = this.#parts;
    const { start, end } = model.layout.sections[name];
    if (start === end) return;
    const slices = evenSlices(end - start, exchange.size);
    const reduce = { step: at, phase: `reduce-${name}`, part: 0 };
    const mine = await exchange.reduceScatter(reduce, contributions, slices);
    const section = this.#gradient.subarray(start, end);
    const parts = slices.map((slice) => section.subarray(slice.start, slice.end));
    (parts[exchange.rank] as Float32Array).set(mine);
    await exchange.allGather({ step: at, phase: `spread-${name}`, part: 0 }, parts);
  }
}

const sharedVector = (length: number): Float32Array =>
  new Float32Array(new SharedArrayBuffer(length * 4));
