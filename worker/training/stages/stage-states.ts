/** States that a stage begins with: of a checkpoint, of the seed, of the stage before, or of a member. */
import { type Stage, stageAt } from '../../../shared/plan/stages.js';
import { readCheckpoint } from '../../checkpoint/read-checkpoint.js';
import { readInitialWeights } from '../../checkpoint/read-initial-weights.js';
import { readManifest } from '../../checkpoint/verify-checkpoint.js';
import type { Hllm } from '../../model/hllm.js';
import { fillInitialWeights } from '../../model/parameters/initial-weights.js';
import { moveParameters } from '../../model/parameters/move-parameters.js';
import { isPretrained, loadTowers } from '../../model/pretrained/pretrained-towers.js';
import { HostState } from '../../state/host-state.js';
import { changedJob, type RollBack } from '../guard/after-collapse.js';
import type { GuardState } from '../guard/guard-state.js';
import { type StateHeader, StateHeaderError } from '../held/state-header.js';
import { modelOfStage, type OpenStage, openStage, type StageStart } from './open-stage.js';
import type { TrainingContext } from './training-context.js';

/** What is wrong with a later stage is said before the first step. */
export function requireStages(context: TrainingContext): void {
  for (const stage of context.stages) modelOfStage(context, stage);
}

/** With the weights that the job begins with. */
export async function stageOfSeed(context: TrainingContext): Promise<OpenStage> {
  const stage = stageAt(context.stages, 0);
  const model = modelOfStage(context, stage);
  const state = await weightsAtFirst(context, model);
  return openStage(context, stage, model, { state, best: null, guard: null });
}

export interface StageOfCheckpoint {
  readonly current: OpenStage;
  readonly committedSteps: number;
}

/** @throws CheckpointError */
export async function stageOfCheckpoint(
  context: TrainingContext,
  path: string,
): Promise<StageOfCheckpoint> {
  const { digests, stages } = context;
  const manifest = await readManifest(path, digests);
  const stage = changedStage(stageAt(stages, manifest.committedSteps), manifest.guard ?? null);
  const model = modelOfStage(context, stage);
  const state = HostState.zeros(model.layout);
  const { committedSteps, best, guard } = await readCheckpoint(path, digests, state);
  return { current: openStage(context, stage, model, { state, best, guard }), committedSteps };
}

/** Room for the state of a header's stage. @param given whose memory is used again, where it fits */
export function roomFor(
  context: TrainingContext,
  header: StateHeader,
  given: HostState | null,
): HostState {
  const { layout } = modelOfStage(context, stageOf(context, header));
  const fits = given?.layout.length === layout.length;
  if (!fits || given.layout.trainedLength !== layout.trainedLength) return HostState.zeros(layout);
  const { parameters, firstMoments, secondMoments } = given;
  return new HostState(layout, { parameters, firstMoments, secondMoments });
}

/** @param state holds what was copied */
export function stageOfMember(
  context: TrainingContext,
  header: StateHeader,
  state: HostState,
): OpenStage {
  const stage = stageOf(context, header);
  const model = modelOfStage(context, stage);
  if (state.layout.length !== model.layout.length) {
    throw new StateHeaderError(`is of stage ${stage.index}: room was made for another one`);
  }
  const { best, guard, validated } = header;
  const start: StageStart = { state, best, guard, validated };
  return openStage(context, stage, model, start);
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
  return openStage(context, stage, model, { state, best: null, guard });
}

/**
 * The same stage with other weights, those of a checkpoint or the first ones, and with what its guard is
 * told to change. The committed steps stay: what follows is trained as if the steps between had not been.
 *
 * @param read fills the state with that of a checkpoint of these committed steps
 */
export async function rolledBack(
  context: TrainingContext,
  given: OpenStage,
  { to, state: guard }: Pick<RollBack, 'to' | 'state'>,
  read: (committedSteps: number, state: HostState) => Promise<void>,
): Promise<OpenStage> {
  const stage = changedStage(context.stages[given.stage.index] as Stage, guard);
  const model = modelOfStage(context, stage);
  const { best } = given.validation;
  given.model.dispose();
  if (to === null) {
    const state = await weightsAtFirst(context, model);
    return openStage(context, stage, model, { state, best, guard });
  }
  const { state } = given;
  await read(to.committedSteps, state);
  return openStage(context, stage, model, { state, best, guard });
}

const stageOf = ({ stages }: TrainingContext, { stage, guard }: StateHeader): Stage => {
  const found = stages[stage];
  if (found === undefined)
    throw new StateHeaderError(`is of stage ${stage}, which the job has not`);
  return changedStage(found, guard);
};

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
