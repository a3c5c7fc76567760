/**
 * Leave-last-two evaluation over the full catalogue, with the history masked. Like a step it is cut
 * into lanes, so the metrics do not depend on the cluster: each member encodes the texts of its
 * lanes, everyone gathers the catalogue, each member ranks the users of its lanes.
 *
 * Legend: D distinct texts of the catalogue, H hidden size, U users of a batch.
 */
import { matMul, type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import type { Dataset } from '../../dataset/dataset.js';
import {
  type EvaluationCase,
  type EvaluationSplit,
  evaluationCase,
} from '../../dataset/training-view.js';
import type { Step } from '../../shared/ids.js';
import type { Exchange } from '../collective/exchange.js';
import type { Tag } from '../collective/tag.js';
import type { Hllm } from '../model/hllm.js';
import type { SplitMetrics } from '../training/messages.js';
import { LaneShares } from '../training/step/lane-shares.js';
import { CatalogueRanker, type Place } from './catalogue-rank.js';
import { encodeCatalogue } from './encode-catalogue.js';
import { packHistories } from './pack-histories.js';
import { evaluatePopularity } from './popularity.js';
import { countedPlace, type Questions, questions, type Repeats } from './questions.js';
import {
  type Places,
  placeFloats,
  type RankingMetrics,
  rankingMetrics,
  setPlace,
} from './ranking-metrics.js';
import { type TextGroups, textGroups } from './text-groups.js';
import { unitRows } from './unit-rows.js';

export interface EvaluationParts {
  readonly dataset: Dataset;
  readonly model: Hllm;
  readonly exchange: Exchange;
  readonly lanes: number;
  /** Items that the user model reads at most: the newest ones of a history. */
  readonly maxLength: number;
  readonly cutoffs: readonly number[];
  readonly repeats: Repeats;
  readonly onProgress: (done: number, total: number) => void;
  /** Awaited between batches: computing keeps a thread deaf. What it throws ends the evaluation. */
  readonly pause?: () => Promise<void>;
}

export interface EvaluationRequest {
  readonly splits: readonly EvaluationSplit[];
  /** Committed steps. With `name` it tags the exchanges, so the two must be new together. */
  readonly step: Step;
  readonly name: string;
}

/** Bound of one batch: its activations and its scores [U, D] must fit beside the weights. */
const usersOfBatch = 64;

/** What one evaluation needs of the model's weights. */
interface Catalogue {
  /** What the user model reads: in training it sees embeddings of any length. [D * H] */
  readonly embeddings_DH: Float32Array;
  /** What predictions are compared with, by cosine; on the engine. */
  readonly unit_DH: Tensor2D;
}

/** Asks the same questions of any weights; what does not depend on them is computed once. */
export class Evaluator {
  readonly #parts: EvaluationParts;
  readonly #shares: LaneShares;
  readonly #groups: TextGroups;
  readonly #ranker: CatalogueRanker;
  readonly #questions = new Map<EvaluationSplit, Questions>();
  readonly #popularity = new Map<EvaluationSplit, RankingMetrics>();

  constructor(parts: EvaluationParts) {
    const { dataset, exchange, lanes, model } = parts;
    this.#parts = parts;
    this.#shares = new LaneShares(exchange, lanes);
    this.#groups = textGroups(dataset, model.config.maxTextLength);
    this.#ranker = new CatalogueRanker(this.#groups);
  }

  /** HLLM, with the weights that it has loaded, beside popularity; the same on every member. */
  async evaluate(request: EvaluationRequest): Promise<SplitMetrics[]> {
    const { splits, step, name } = request;
    const asked = splits.map((split) => this.#questionsOf(split));
    const total = asked.reduce((sum, { users }) => sum + users.length, 0);
    const tag = { step, phase: `${name}-items`, part: 0 };
    // Whoever waits for a step must hear that none is due: a catalogue takes longer than many steps.
    const catalogue = await this.#encode(tag, async () => {
      this.#parts.onProgress(0, total);
      await this.#parts.pause?.();
    });
    try {
      const results: SplitMetrics[] = [];
      let before = 0;
      for (const each of asked) {
        const report = (done: number): void => this.#parts.onProgress(before + done, total);
        const places = await this.#rankOwn(each, catalogue, report);
        await this.#gather(places, each, request);
        const metrics = rankingMetrics(places, this.#parts.cutoffs);
        results.push(this.#row('hllm', each, metrics));
        results.push(this.#row('popularity', each, this.#popularityOf(each)));
        before += each.users.length;
      }
      return results;
    } finally {
      catalogue.unit_DH.dispose();
    }
  }

  async #encode(tag: Tag, onBatch: () => Promise<void>): Promise<Catalogue> {
    const { representatives } = this.#groups;
    const hidden = this.#parts.model.hiddenSize;
    const embeddings_DH = await encodeCatalogue(this.#parts, representatives, tag, onBatch);
    const shape: [number, number] = [representatives.length, hidden];
    return { embeddings_DH, unit_DH: tensor2d(unitRows(embeddings_DH, hidden), shape) };
  }

  /** Places of the users of this member's lanes; the others' are still to come. */
  async #rankOwn(
    { split, users }: Questions,
    catalogue: Catalogue,
    onDone: (users: number) => void,
  ): Promise<Places> {
    const { dataset, pause } = this.#parts;
    const places = new Float32Array(new SharedArrayBuffer(users.length * placeFloats * 4));
    const own = this.#shares.own(users.length);
    const owned = own.reduce((sum, [first, last]) => sum + last - first, 0);
    let ranked = 0;
    for (const [first, last] of own) {
      for (let at = first; at < last; at += usersOfBatch) {
        await pause?.();
        const batch = users.subarray(at, Math.min(last, at + usersOfBatch));
        const cases = Array.from(batch, (user) => evaluationCase(dataset, split, user));
        this.#rankBatch(cases, catalogue).forEach((place, index) => {
          setPlace(places, at + index, place);
        });
        ranked += batch.length;
        // Members go over shares of about one size at about one speed.
        onDone(Math.round((ranked / owned) * users.length));
      }
    }
    return places;
  }

  #rankBatch(cases: readonly EvaluationCase[], { embeddings_DH, unit_DH }: Catalogue): Place[] {
    const { model, repeats, maxLength } = this.#parts;
    const histories = cases.map(({ history }) => history);
    const { sequences, order } = packHistories(histories, this.#groups.groupOf, maxLength);
    const predictions_UH = model.readUsers(sequences, embeddings_DH);
    const texts = unit_DH.shape[0];
    const scores_UD = tidy(() =>
      matMul(
        tensor2d(predictions_UH, [cases.length, model.hiddenSize]),
        unit_DH,
        false,
        true,
      ).dataSync<'float32'>(),
    );
    const places = new Array<Place>(cases.length);
    order.forEach((index, at) => {
      const question = cases[index] as EvaluationCase;
      const scores = scores_UD.subarray(at * texts, (at + 1) * texts);
      places[index] = countedPlace(question, this.#ranker.place(scores, question), repeats);
    });
    return places;
  }

  async #gather(places: Places, { split, users }: Questions, request: EvaluationRequest) {
    const parts = this.#shares
      .ofMembers(users.length)
      .map(([start, end]) => places.subarray(start * placeFloats, end * placeFloats));
    const tag = { step: request.step, phase: `${request.name}-${split}`, part: 0 };
    await this.#parts.exchange.allGather(tag, parts);
  }

  #row(
    model: SplitMetrics['model'],
    { split, tooShort, repeats }: Questions,
    metrics: RankingMetrics,
  ): SplitMetrics {
    return { split, model, ...metrics, tooShort, repeats, items: this.#parts.dataset.items };
  }

  #questionsOf(split: EvaluationSplit): Questions {
    const { dataset, repeats } = this.#parts;
    const found = this.#questions.get(split) ?? questions(dataset, split, repeats);
    this.#questions.set(split, found);
    return found;
  }

  #popularityOf(asked: Questions): RankingMetrics {
    const found =
      this.#popularity.get(asked.split) ??
      evaluatePopularity(this.#parts.dataset, asked, this.#parts);
    this.#popularity.set(asked.split, found);
    return found;
  }
}
