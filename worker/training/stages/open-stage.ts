/**
 * Everything that a stage trains with, made from a state. Whoever goes on from another state, at a
 * border, after a roll-back or with a changed setting, opens a stage again.
 */
import { systemClock } from '../../../shared/clock.js';
import { step } from '../../../shared/ids.js';
import type { Stage } from '../../../shared/plan/stages.js';
import { openArithmetic } from '../../arithmetic/open-arithmetic.js';
import type { BestSoFar } from '../../evaluation/best-so-far.js';
import { Evaluator } from '../../evaluation/evaluate.js';
import { Validation } from '../../evaluation/validation.js';
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
  readonly committedSteps: number;
  /** Of the stage; null where it has none yet. */
  readonly best: BestSoFar | null;
  /** What the guard remembers; null where it begins to watch. */
  readonly guard: GuardState | null;
}

export interface OpenStage {
  readonly stage: Stage;
  readonly model: Hllm;
  readonly state: HostState;
  readonly trainer: Trainer;
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
  { dataset, stages }: Pick<TrainingContext, 'dataset' | 'stages'>,
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

/** @param model that of the stage; it gets the weights. */
export function openStage(
  context: TrainingContext,
  stage: Stage,
  model: Hllm,
  { state, committedSteps, best, guard: watched }: StageStart,
): OpenStage {
  const { dataset, exchange, pause, start, tell } = context;
  const { spec } = stage.job;
  const itemCache = model.layout.trainsTower('item')
    ? null
    : openItemCache(context, stage, model, { state, committedSteps });
  const trainer = new Trainer({
    model,
    exchange,
    arithmetic: openArithmetic(),
    clock: systemClock,
    optimizer: optimizerSettings(stage.job, stage.end - stage.start, stage.start),
    state,
    stage: stage.name,
    committedSteps,
    ...(itemCache && { encodeItems: ({ items }) => itemCache.encode(items) }),
  });
  const evaluator = new Evaluator({
    dataset,
    model,
    exchange,
    maxLength: spec.data.sequences.maxLength,
    ...spec.evaluation,
    asks: asksOf(stage.job),
    onProgress: (done, total) => tell({ kind: 'evaluating', done, total }),
    pause,
    frozenItems: itemCache,
  });
  if (spec.checkpoint.best !== undefined) evaluator.requireMetric(spec.checkpoint.best);
  const totalSteps = Math.min(stage.end, start.totalSteps);
  const validation = new Validation({ spec, totalSteps, evaluator, best, tell });
  const guard = new Guard({
    job: stage.job,
    stageStart: stage.start,
    trainedLength: model.layout.trainedLength,
    state: watched,
    // One voice is enough: all members see the same.
    notice: (text) => start.rank === 0 && tell({ kind: 'notice', text }),
  });
  return { stage, model, state, trainer, evaluator, validation, guard, itemCache };
}

/** Its blocks are kept beside the dataset's copies; they are found again by what decides them. */
function openItemCache(
  { dataset, engine, exchange, pause, start, tell }: TrainingContext,
  { job }: Stage,
  model: Hllm,
  { state, committedSteps }: Pick<StageStart, 'state' | 'committedSteps'>,
): ItemCache {
  const { cacheDirectory } = start;
  const key = () => itemCacheKey({ dataset, engine, job, config: model.config, state });
  return new ItemCache({
    dataset,
    model,
    exchange,
    openFolder: async () =>
      cacheDirectory === null
        ? null
        : BlockFolder.open(cacheDirectory, 'item-embeddings', await key()),
    step: step(committedSteps),
    onProgress: async (done, total) => {
      tell({ kind: 'encoding', done, total });
      await pause();
    },
  });
}
