/**
 * Leave-last-two evaluation over the full catalogue, with the history masked; and of targets with
 * labels, where the objective has them. Like a step it is cut into lanes, so the metrics do not depend
 * on the cluster: each member encodes the texts of its lanes, everyone gathers the catalogue, each
 * member ranks (or scores the targets of) the users of its lanes.
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
import { isClassificationMetric } from '../../shared/job-spec/rules/classification-metrics.js';
import type { Exchange } from '../collective/exchange.js';
import type { Tag } from '../collective/tag.js';
import type { Hllm } from '../model/hllm.js';
import type { SplitMetrics } from '../training/messages.js';
import { LaneDeal } from '../training/step/lane-deal.js';
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
import { classificationValues } from './targets/classification-metrics.js';
import {
  baseRateValues,
  countTargets,
  hasMetric,
  type JudgedTargets,
} from './targets/judged-targets.js';
import {
  type AskedTargets,
  type LabelledQuestions,
  labelledQuestions,
} from './targets/labelled-questions.js';
import { MissingMetricError } from './targets/missing-metric-error.js';
import { scoreTargets } from './targets/score-targets.js';
import { type TextGroups, textGroups } from './text-groups.js';
import { unitRows } from './unit-rows.js';

export interface EvaluationParts {
  readonly dataset: Dataset;
  readonly model: Hllm;
  readonly exchange: Exchange;
  /** The embeddings of all distinct texts, where the Item LLM is frozen; encoded anew without it. */
  readonly frozenItems?: { matrix(): Promise<Float32Array> } | null;
  /** Items that the user model reads at most: the newest ones of a history. */
  readonly maxLength: number;
  readonly cutoffs: readonly number[];
  readonly repeats: Repeats;
  /** Default: rankings, and no targets. */
  readonly asks?: Asked;
  readonly onProgress: (done: number, total: number) => void;
  /** Awaited between batches: computing keeps a thread deaf. What it throws ends the evaluation. */
  readonly pause?: () => Promise<void>;
}

function materialOf({ dataset, model }: EvaluationParts): Material {
  const groups = textGroups(dataset, model.config.maxTextLength);
  return {
    groups,
    ranker: new CatalogueRanker(groups),
    questions: new Map(),
    labelled: new Map(),
    popularity: new Map(),
  };
}

/** What an objective is measured by. */
export interface Asked {
  readonly rankings: boolean;
  readonly targets: AskedTargets | null;
}

const rankingsAlone: Asked = { rankings: true, targets: null };

export interface EvaluationRequest {
  readonly splits: readonly EvaluationSplit[];
  /** Committed steps. With `name` it tags the exchanges, so the two must be new together. */
  readonly step: Step;
  readonly name: string;
}

/** Places of rankings are part 0 of a split's exchanges. */
const targetsPart = 1;

/** Bound of one batch: its activations and its scores [U, D] must fit beside the weights. */
const usersOfBatch = 64;

/** What one evaluation needs of the model's weights. */
interface Catalogue {
  /** What the user model reads: in training it sees embeddings of any length. [D * H] */
  readonly embeddings_DH: Float32Array;
  /** What predictions are compared with, by cosine; on the engine. */
  readonly unit_DH: Tensor2D;
}

/** What an evaluator knows whatever the weights, and whoever its members are. */
interface Material {
  readonly groups: TextGroups;
  readonly ranker: CatalogueRanker;
  readonly questions: Map<EvaluationSplit, Questions>;
  readonly labelled: Map<EvaluationSplit, LabelledQuestions>;
  readonly popularity: Map<EvaluationSplit, RankingMetrics>;
}

/** Asks the same questions of any weights; what does not depend on them is computed once. */
export class Evaluator {
  readonly #parts: EvaluationParts;
  readonly #material: Material;
  readonly #deal: LaneDeal;
  readonly #asks: Asked;

  /** @param material of another evaluator of the same dataset and job */
  constructor(parts: EvaluationParts, material: Material = materialOf(parts)) {
    this.#parts = parts;
    this.#material = material;
    this.#asks = parts.asks ?? rankingsAlone;
    this.#deal = new LaneDeal(parts.exchange);
  }

  /** Asks the same among other members. */
  among(exchange: Exchange): Evaluator {
    return new Evaluator({ ...this.#parts, exchange }, this.#material);
  }

  /** HLLM, with the weights that it has loaded, beside its baselines; the same on every member. */
  async evaluate(request: EvaluationRequest): Promise<SplitMetrics[]> {
    const { splits, step, name } = request;
    const asked = splits.map((split) => this.#questionsOf(split));
    const sizes = asked.flatMap((each) => [
      this.#asks.rankings ? each.users.length : 0,
      this.#labelledOf(each)?.users.length ?? 0,
    ]);
    const total = sizes.reduce((sum, users) => sum + users, 0);
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
        const rankings = this.#asks.rankings
          ? await this.#rank(each, catalogue, request, report)
          : null;
        before += rankings === null ? 0 : each.users.length;
        const judged = await this.#judge(each, catalogue, request, report);
        before += judged?.asked.users.length ?? 0;
        results.push(...this.#rows(each, rankings, judged));
      }
      return results;
    } finally {
      catalogue.unit_DH.dispose();
    }
  }

  /**
   * Known before the first step, so said before it.
   *
   * @throws MissingMetricError where no validation can have the metric.
   */
  requireMetric(metric: string): void {
    if (!isClassificationMetric(metric)) return;
    const asked = this.#labelledOf(this.#questionsOf('validation'));
    if (asked !== null && !hasMetric(asked, metric)) throw new MissingMetricError(metric);
  }

  async #rank(
    asked: Questions,
    catalogue: Catalogue,
    request: EvaluationRequest,
    onDone: (users: number) => void,
  ): Promise<RankingMetrics> {
    const places = await this.#rankOwn(asked, catalogue, onDone);
    await this.#gather(places, asked, request);
    return rankingMetrics(places, this.#parts.cutoffs);
  }

  /** Null where the objective has no targets. */
  async #judge(
    questions: Questions,
    { embeddings_DH }: Catalogue,
    { step, name }: EvaluationRequest,
    onDone: (users: number) => void,
  ): Promise<JudgedTargets | null> {
    const asked = this.#labelledOf(questions);
    if (asked === null) return null;
    const { groupOf } = this.#material.groups;
    const tag = { step, phase: `${name}-${asked.split}`, part: targetsPart };
    const texts = { groupOf, embeddings_DH };
    const logits = await scoreTargets(this.#parts, asked, texts, tag, onDone);
    return { asked, values: classificationValues({ ...asked, logits }) };
  }

  async #encode(tag: Tag, onBatch: () => Promise<void>): Promise<Catalogue> {
    const { representatives } = this.#material.groups;
    const hidden = this.#parts.model.hiddenSize;
    const embeddings_DH =
      (await this.#parts.frozenItems?.matrix()) ??
      (await encodeCatalogue(this.#parts, representatives, tag, onBatch));
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
    const own = this.#deal.own(users.length);
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
    const { sequences, order } = packHistories(histories, this.#material.groups.groupOf, maxLength);
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
      places[index] = countedPlace(
        question,
        this.#material.ranker.place(scores, question),
        repeats,
      );
    });
    return places;
  }

  async #gather(places: Places, { split, users }: Questions, request: EvaluationRequest) {
    const parts = this.#deal
      .ofMembers(users.length)
      .map(([start, end]) => places.subarray(start * placeFloats, end * placeFloats));
    const tag = { step: request.step, phase: `${request.name}-${split}`, part: 0 };
    await this.#parts.exchange.allGather(tag, parts);
  }

  #rows(
    asked: Questions,
    rankings: RankingMetrics | null,
    judged: JudgedTargets | null,
  ): SplitMetrics[] {
    const { split, tooShort, repeats } = asked;
    const common = { split, tooShort, repeats, items: this.#parts.dataset.items };
    const users = rankings?.users ?? judged?.asked.users.length ?? 0;
    const own = { ...common, users, tied: rankings?.tied ?? 0 };
    const targets = judged === null ? {} : { targets: countTargets(judged.asked) };
    const values = { ...rankings?.values, ...judged?.values };
    const rows: SplitMetrics[] = [{ ...own, model: 'hllm', ...targets, values }];
    if (rankings !== null) {
      rows.push({ ...common, model: 'popularity', ...this.#popularityOf(asked) });
    }
    if (judged !== null) {
      const baseline = { ...targets, values: baseRateValues(judged) };
      rows.push({ ...own, model: 'base-rate', tied: 0, ...baseline });
    }
    return rows;
  }

  #labelledOf({ split, users }: Questions): LabelledQuestions | null {
    const { targets } = this.#asks;
    if (targets === null) return null;
    const { dataset } = this.#parts;
    const { groupOf } = this.#material.groups;
    const found =
      this.#material.labelled.get(split) ??
      labelledQuestions(dataset, split, users, targets, groupOf);
    this.#material.labelled.set(split, found);
    return found;
  }

  #questionsOf(split: EvaluationSplit): Questions {
    const { dataset, repeats } = this.#parts;
    const found = this.#material.questions.get(split) ?? questions(dataset, split, repeats);
    this.#material.questions.set(split, found);
    return found;
  }

  #popularityOf(asked: Questions): RankingMetrics {
    const found =
      this.#material.popularity.get(asked.split) ??
      evaluatePopularity(this.#parts.dataset, asked, this.#parts);
    this.#material.popularity.set(asked.split, found);
    return found;
  }
}
