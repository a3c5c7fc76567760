/**
 * Everything that a stage trains with, made from a state. Whoever goes on from another state, at a
 * border, after a roll-back or with a changed setting, opens a stage again.
 */
import { systemClock } from '../../../shared/clock.js';
import type { Stage } from '../../../shared/plan/stages.js';
import type { Exchange } from '../../collective/exchange.js';
import { LocalExchange } from '../../collective/local-exchange.js';
import type { BestSoFar } from '../../evaluation/best-so-far.js';
import { Evaluator } from '../../evaluation/evaluate.js';
import { type Validated, Validation } from '../../evaluation/validation.js';
import { Hllm } from '../../model/hllm.js';
import { openObjective } from '../../model/objectives/open-objective.js';
import type { NamedShape } from '../../model/parameters/parameter-layout.js';
import type { HostState } from '../../state/host-state.js';
import { asksOf, computation, modelConfig, optimizerSettings, whatTrains } from '../from-job.js';
import { Guard } from '../guard/guard.js';
import type { GuardState } from '../guard/guard-state.js';
import { BlockFolder } from '../item-cache/block-folder.js';
import { ItemCache } from '../item-cache/item-cache.js';
import { itemCacheKey } from '../item-cache/item-cache-key.js';
import { requireMatches } from '../optimizer/multipliers.js';
import { Trainer } from '../step/trainer.js';
import type { TrainingContext } from './training-context.js';

/** What a stage goes on from. */
export interface StageStart {
  /** Laid out as the model is. */
  readonly state: HostState;
  /** Of the stage; null where it has none yet. */
  readonly best: BestSoFar | null;
  /** Null where nothing is known of these weights. */
  readonly validated?: Validated | null;
  /** What the guard remembers; null where it begins to watch. */
  readonly guard: GuardState | null;
}

/** What is there whoever the members are; what they exchange is made for each generation. */
export interface OpenStage {
  readonly stage: Stage;
  readonly model: Hllm;
  readonly state: HostState;
  /** Asks this member alone: `among` others in a generation. */
  readonly evaluator: Evaluator;
  readonly validation: Validation;
  readonly guard: Guard;
  /** Null where the Item LLM trains. */
  readonly itemCache: ItemCache | null;
}

/**
 * The model of a stage, without weights. Its layout has what any stage of the job has.
 *
 * @throws JobSpecError where a multiplier of the learning rate matches nothing.
 */
export function modelOfStage(
  {
    dataset,
    stages,
  }: {
    readonly dataset: Pick<TrainingContext['dataset'], 'vocabularySize'>;
    readonly stages: readonly Stage[];
  },
  stage: Stage,
): Hllm {
  const configOf = ({ job }: Stage) => modelConfig(job, dataset.vocabularySize);
  const parametersOf = (of: Stage): readonly NamedShape[] =>
    openObjective(configOf(of), false).parameters;
  const own = new Set(parametersOf(stage).map(([name]) => name));
  const others = new Map(stages.flatMap(parametersOf).filter(([name]) => !own.has(name)));
  const model = new Hllm(configOf(stage), {
    computation: computation(stage.job),
    trains: whatTrains(stage.job),
    kept: [...others],
  });
  requireMatches(model.layout, stage.job.spec.optimizer.multipliers);
  return model;
}

/** @param model that of the stage; it gets the weights before it computes. */
export function openStage(
  context: TrainingContext,
  stage: Stage,
  model: Hllm,
  { state, best, validated = null, guard: watched }: StageStart,
): OpenStage {
  const { arithmetic, dataset, pause, start, tell, tellForAll } = context;
  const { spec } = stage.job;
  const itemCache = model.layout.trainsTower('item')
    ? null
    : openItemCache(context, stage, model, state);
  const evaluator = new Evaluator({
    dataset,
    model,
    exchange: new LocalExchange(arithmetic, spec.lanes),
    maxLength: spec.data.sequences.maxLength,
    ...spec.evaluation,
    asks: asksOf(stage.job),
    onProgress: (done, total) => tell({ kind: 'evaluating', done, total }),
    pause,
    frozenItems: itemCache,
  });
  if (spec.checkpoint.best !== undefined) evaluator.requireMetric(spec.checkpoint.best);
  const totalSteps = Math.min(stage.end, start.totalSteps);
  const validation = new Validation({ spec, totalSteps, best, newest: validated, tell });
  const guard = new Guard({
    job: stage.job,
    stageStart: stage.start,
    trainedLength: model.layout.trainedLength,
    state: watched,
    notice: (text) => tellForAll({ kind: 'notice', text }),
  });
  return { stage, model, state, evaluator, validation, guard, itemCache };
}

/** What the steps of a stage take among the members of a generation. */
export function openTrainer(
  { activity, arithmetic, cancellation }: TrainingContext,
  { stage, model, state, itemCache }: OpenStage,
  exchange: Exchange,
  committedSteps: number,
): Trainer {
  return new Trainer({
    model,
    exchange,
    arithmetic,
    clock: systemClock,
    optimizer: optimizerSettings(stage.job, stage.end - stage.start, stage.start),
    state,
    stage: stage.name,
    committedSteps,
    whole: (update) => cancellation.shield(update),
    activity,
    ...(itemCache && { encodeItems: ({ items }) => itemCache.encode(items) }),
  });
}

/** Its blocks are kept beside the dataset's copies; they are found again by what decides them. */
function openItemCache(
  { dataset, engine, pause, start, tell }: TrainingContext,
  { job }: Stage,
  model: Hllm,
  state: HostState,
): ItemCache {
  const { cacheDirectory } = start;
  const key = () => itemCacheKey({ dataset, engine, job, config: model.config, state });
  return new ItemCache({
    dataset,
    model,
    openFolder: async () =>
      cacheDirectory === null
        ? null
        : BlockFolder.open(cacheDirectory, 'item-embeddings', await key()),
    onProgress: async (done, total) => {
      tell({ kind: 'encoding', done, total });
      await pause();
    },
  });
}
