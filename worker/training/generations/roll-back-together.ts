import { CheckpointError } from '../../checkpoint/checkpoint-error.js';
import { readCheckpoint } from '../../checkpoint/read-checkpoint.js';
import { checkpointPath } from '../../checkpoint/store/open-checkpoint-store.js';
import type { HostState } from '../../state/host-state.js';
import type { RollBack } from '../guard/after-collapse.js';
import type { Held } from '../held/held.js';
import type { OpenStage } from '../stages/open-stage.js';
import { rolledBack } from '../stages/stage-states.js';
import type { TrainingContext } from '../stages/training-context.js';
import type { Membership } from './membership.js';
import { CheckpointLostError, readTogether } from './read-together.js';

/**
 * Gives every member the weights of the checkpoint that the guard goes back to.
 *
 * @throws CheckpointLostError where nobody can read it
 */
export function rollBackTogether(
  context: TrainingContext,
  membership: Membership,
  held: Held,
  rollBack: Pick<RollBack, 'to' | 'state'>,
): Promise<OpenStage> {
  const { digests, start } = context;
  let refusal: string | null = null;

  async function readAlone(steps: number, state: HostState): Promise<boolean> {
    try {
      await readCheckpoint(checkpointPath(start.checkpointDirectory, steps), digests, state);
      return true;
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      refusal = error.message;
      return false;
    }
  }

  return rolledBack(context, held.current, rollBack, async (steps, state) => {
    const { parameters, firstMoments, secondMoments } = state;
    const vectors = [parameters, firstMoments, secondMoments];
    const read = () => readAlone(steps, state);
    if (await readTogether(membership, held.committedSteps, vectors, read)) return;
    throw new CheckpointLostError(steps, refusal);
  });
}
