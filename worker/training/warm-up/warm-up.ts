/**
 * The first step of an engine takes many times as long as the second one: kernels are compiled and
 * chosen, memory is taken from the system, code is translated. A worker that stands by goes through one
 * while others train, alone, and nothing of it is left: weights that were made up, in the room that the
 * members' state will be copied into, which is all zeros again at the end.
 */

import { trainingView } from '../../../dataset/training-view.js';
import { systemClock } from '../../../shared/clock.js';
import { lane, step } from '../../../shared/ids.js';
import { lanePlan } from '../../../shared/plan/plan.js';
import { Planner } from '../../../shared/plan/planner.js';
import { type Stage, stageAt } from '../../../shared/plan/stages.js';
import { LocalExchange } from '../../collective/local-exchange.js';
import type { Hllm, ItemEncoding } from '../../model/hllm.js';
import { logitScaleName } from '../../model/parameters/parameter-layout.js';
import { HostState } from '../../state/host-state.js';
import { stateSections } from '../../state/training-state.js';
import { assembleBatch, type LaneBatch } from '../batches/lane-batch.js';
import { modelConfig, optimizerSettings } from '../from-job.js';
import { modelOfStage } from '../stages/open-stage.js';
import type { TrainingContext } from '../stages/training-context.js';
import { Trainer } from '../step/trainer.js';
import { laneJob } from './lane-job.js';

/**
 * Trains one step of a lane's size: forward, backward, optimizer. Takes the memory of a member with one
 * lane, no more: the model, its state and the gradients.
 *
 * @param committedSteps of the members: the stage that they are in
 * @returns room for a state of that stage: zeros, as new
 * @throws ComputationCancelledError, and whatever the first step of a member could
 */
export async function warmUp(context: TrainingContext, committedSteps: number): Promise<HostState> {
  const stage = stageAt(context.stages, committedSteps);
  const model = modelOfStage(context, stage);
  try {
    const state = HostState.zeros(model.layout);
    makeUpWeights(model, state.parameters);
    const trainer = new Trainer({
      model,
      state,
      exchange: new LocalExchange(context.arithmetic, 1),
      arithmetic: context.arithmetic,
      clock: systemClock,
      optimizer: optimizerSettings(stage.job, stage.end - stage.start),
      activity: context.activity,
      committedSteps: 0,
      ...(!model.layout.trainsTower('item') && {
        encodeItems: ({ items }) => madeUpEncoding(items.length * model.hiddenSize),
      }),
    });
    const batch = batchOf(context, stage);
    // What was planned took its time, and no kernel in which an engine would look.
    context.cancellation.require('warm-up');
    await trainer.step([batch]);
    for (const section of stateSections) state[section].fill(0);
    return state;
  } finally {
    model.dispose();
  }
}

/** A lane's share of the stage's first step. */
function batchOf({ dataset }: TrainingContext, { job }: Stage): LaneBatch {
  const plan = new Planner(laneJob(job), trainingView(dataset)).plan(step(0));
  const format = modelConfig(job, dataset.vocabularySize);
  return assembleBatch(lanePlan(plan, lane(0)), dataset, format);
}

/** Drawing every number of a large model would take longer than the step. */
const patternLength = 65_536;

/** Weights of a usual size: what matters of them is that a step with them is finite. */
function makeUpWeights({ layout }: Hllm, parameters: Float32Array): void {
  const pattern = Float32Array.from({ length: patternLength }, (_, index) => wave(index, 0.03));
  for (const { name, shape } of layout.entries) {
    const values = layout.view(parameters, name);
    if (name === logitScaleName) continue;
    if (shape.length < 2) values.fill(1);
    else fillWith(pattern, values);
  }
}

function fillWith(pattern: Float32Array, values: Float32Array): void {
  for (let at = 0; at < values.length; at += pattern.length) {
    values.set(pattern.subarray(0, values.length - at), at);
  }
}

/** The Item LLM does not train, and its embeddings are computed once, by all members together. */
function madeUpEncoding(length: number): ItemEncoding {
  return {
    embeddings: Float32Array.from({ length }, (_, index) => wave(index, 1)),
    pullback: () => undefined,
    dispose: () => undefined,
  };
}

/** Without a period that a matrix's rows could have. */
const wave = (index: number, size: number): number => size * Math.sin(index * index * 0.7 + index);
