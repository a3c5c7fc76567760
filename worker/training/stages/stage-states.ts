/** States that a stage begins with: of a checkpoint, of the seed, or of the stage before. */
import { type Stage, stageAt } from '../../../shared/plan/stages.js';
import { readCheckpoint } from '../../checkpoint/read-checkpoint.js';
import { readInitialWeights } from '../../checkpoint/read-initial-weights.js';
import { checkpointPath } from '../../checkpoint/store/open-checkpoint-store.js';
import { readManifest } from '../../checkpoint/verify-checkpoint.js';
import type { Hllm } from '../../model/hllm.js';
import { fillInitialWeights } from '../../model/parameters/initial-weights.js';
import { moveParameters } from '../../model/parameters/move-parameters.js';
import { isPretrained, loadTowers } from '../../model/pretrained/pretrained-towers.js';
import { HostState } from '../../state/host-state.js';
import { changedJob, type RollBack } from '../guard/after-collapse.js';
import type { GuardState } from '../guard/guard-state.js';
import { modelOfStage, type OpenStage, openStage } from './open-stage.js';
import type { TrainingContext } from './training-context.js';

/** The stage that training begins in, or goes on in. */
export async function firstStage(context: TrainingContext): Promise<OpenStage> {
  const { stages, start, digests } = context;
  const { resumeFrom } = start;
  // What is wrong with a later stage is said before the first step.
  for (const stage of stages) modelOfStage(context, stage);
  if (resumeFrom === null) {
    const stage = stageAt(stages, 0);
    const model = modelOfStage(context, stage);
    const state = await weightsAtFirst(context, model);
    return openStage(context, stage, model, { state, committedSteps: 0, best: null, guard: null });
  }
  const manifest = await readManifest(resumeFrom, digests);
  const stage = changedStage(stageAt(stages, manifest.committedSteps), manifest.guard ?? null);
  const model = modelOfStage(context, stage);
  const state = HostState.zeros(model.layout);
  const { committedSteps, best, guard } = await readCheckpoint(resumeFrom, digests, state);
  return openStage(context, stage, model, { state, committedSteps, best, guard });
}

/** The next stage with the weights that this one ends with; the model of this one is gone then. */
export function nextStage(context: TrainingContext, ended: OpenStage): OpenStage {
  const stage = context.stages[ended.stage.index + 1] as Stage;
  const model = modelOfStage(context, stage);
  const state = HostState.zeros(model.layout);
  const from = { layout: ended.model.layout, flat: ended.state.parameters };
  const to = { layout: model.layout, flat: state.parameters };
  moveParameters(from, to, stage.job.spec.seed);
  ended.model.dispose();
  const guard = ended.guard.atBorder(stage.start);
  return openStage(context, stage, model, {
    state,
    committedSteps: stage.start,
    best: null,
    guard,
  });
}

/**
 * The same stage with other weights, those of a checkpoint or the first ones, and with what its guard is
 * told to change. The committed steps stay: what follows is trained as if the steps between had not been.
 */
export async function rolledBack(
  context: TrainingContext,
  given: OpenStage,
  { to, state: guard }: RollBack,
): Promise<OpenStage> {
  const { digests, stages, start } = context;
  const stage = changedStage(stages[given.stage.index] as Stage, guard);
  const model = modelOfStage(context, stage);
  const { committedSteps } = given.trainer;
  const { best } = given.validation;
  given.model.dispose();
  if (to === null) {
    const state = await weightsAtFirst(context, model);
    return openStage(context, stage, model, { state, committedSteps, best, guard });
  }
  const { state } = given;
  const path = checkpointPath(start.checkpointDirectory, to.committedSteps);
  await readCheckpoint(path, digests, state);
  return openStage(context, stage, model, { state, committedSteps, best, guard });
}

/** A stage as it is trained after the collapses that its guard remembers. */
const changedStage = (stage: Stage, guard: GuardState | null): Stage => ({
  ...stage,
  job: changedJob(stage.job, guard?.collapses.length ?? 0),
});

/** From the weights that the job names, or from its seed. */
async function weightsAtFirst({ start }: TrainingContext, { layout }: Hllm): Promise<HostState> {
  const { spec } = start.job;
  const zeros = HostState.zeros(layout);
  const initialisation = {
    seed: spec.seed,
    temperature: spec.objective.temperature.initial,
    deviation: spec.model.initializerRange,
  };
  if (spec.init?.weightsSha256 !== undefined) {
    const { from, weightsSha256 } = spec.init;
    await readInitialWeights({ from, weightsSha256 }, zeros, layout, initialisation);
    return zeros;
  }
  const { pretrained } = start;
  fillInitialWeights(layout, zeros.parameters, initialisation, (name) =>
    isPretrained(pretrained, name),
  );
  await loadTowers(pretrained, zeros);
  return zeros;
}
