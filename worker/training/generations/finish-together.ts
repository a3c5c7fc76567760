/** What members tell at the end of a training: its weights, evaluated where that is wanted. */
import { step } from '../../../shared/ids.js';
import { CheckpointError } from '../../checkpoint/checkpoint-error.js';
import { readParameters } from '../../checkpoint/read-parameters.js';
import { checkpointPath } from '../../checkpoint/store/open-checkpoint-store.js';
import { weightsDigest } from '../../checkpoint/weights-digest.js';
import { ExchangeAbortedError } from '../../collective/errors.js';
import { finalEvaluation, type KeptCheckpoint } from '../../evaluation/final-evaluation.js';
import type { Held } from '../held/held.js';
import type { Fact } from '../messages.js';
import type { TrainingContext } from '../stages/training-context.js';
import type { TrainingLoop } from '../training-loop.js';
import type { Membership } from './membership.js';
import { readTogether } from './read-together.js';

/** Nobody wants the result of the last evaluation any more. */
export class EvaluationStoppedError extends Error {
  override readonly name = 'EvaluationStoppedError';
}

export interface FinishParts {
  readonly context: TrainingContext;
  readonly membership: Membership;
  readonly held: Held;
  readonly loop: TrainingLoop;
  /** This member was asked to stop by now: the evaluation may be given up. */
  readonly isStopWanted: () => boolean;
  readonly tell: (fact: Fact) => void;
}

/** Every step is done, and in a checkpoint. */
export async function finishTogether(parts: FinishParts): Promise<void> {
  const { context, held, isStopWanted, membership, tell } = parts;
  const { evaluate, totalSteps } = context.start;
  const { committedSteps, current } = held;
  const weightsSha256 = await weightsDigest(current.state);
  const wasStopped = held.stopping;
  let stopped = wasStopped;
  if (evaluate && !stopped) {
    const results = isStopWanted() ? null : await evaluation(parts);
    membership.requireInside();
    if (results === null) stopped = true;
    else tell({ kind: 'evaluated', committedSteps, results });
  }
  tell({
    kind: 'finished',
    committedSteps,
    finalLoss: held.finalLoss,
    weightsSha256,
    stopped,
    endedEarly: !wasStopped && committedSteps < totalSteps,
    stage: current.stage.name,
    best: bestOf(parts),
    checkpoint: held.checkpoint?.path ?? null,
  });
}

/** Null where it was given up because of a stop. */
async function evaluation(parts: FinishParts) {
  const { held, isStopWanted, loop, membership } = parts;
  const { model, state, validation } = held.current;
  try {
    await loop.prepare();
    return await finalEvaluation({
      evaluator: loop.evaluator,
      model,
      parameters: state.parameters,
      step: step(held.committedSteps),
      validated: validation.rowsOf(held.committedSteps),
      best: bestOf(parts),
      readBest: (best) => readBest(parts, best),
    });
  } catch (error) {
    const givenUp =
      error instanceof EvaluationStoppedError || error instanceof ExchangeAbortedError;
    if (isStopWanted() && givenUp && !membership.isAborted) return null;
    throw error;
  }
}

function bestOf({ context, held }: FinishParts): KeptCheckpoint | null {
  const { best } = held.current.validation;
  if (best === null || !held.trains) return null;
  const { checkpointDirectory } = context.start;
  return { ...best, checkpoint: checkpointPath(checkpointDirectory, best.committedSteps) };
}

/** The state stays as it is: another generation may go on from it. */
async function readBest(
  { context, held, membership }: FinishParts,
  { checkpoint, committedSteps }: KeptCheckpoint,
): Promise<Float32Array | null> {
  const { layout } = held.current.state;
  const parameters = new Float32Array(new SharedArrayBuffer(layout.length * 4));
  let refusal = '';
  const isThere = await readTogether(membership, held.committedSteps, [parameters], async () => {
    try {
      await readParameters(checkpoint, context.digests, layout, parameters);
      return true;
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      refusal = error.message;
      return false;
    }
  });
  if (isThere) return parameters;
  const text = `the best checkpoint, that of step ${committedSteps}, is not evaluated: ${refusal}`;
  context.tellForAll({ kind: 'notice', text });
  return null;
}
