/** The hash that members would have of the state in a checkpoint: what ties its bytes to a ledger. */
import type { StateHash } from '../../shared/ledger/ledger-record.js';
import { type Stage, stageAt } from '../../shared/plan/stages.js';
import { openArithmetic } from '../arithmetic/open-arithmetic.js';
import type { CheckpointExpectation } from '../checkpoint/checkpoint-folder.js';
import { readCheckpoint } from '../checkpoint/read-checkpoint.js';
import { HostState } from '../state/host-state.js';
import { hashedBytes, hashState } from '../state/state-hash.js';
import { modelOfStage } from '../training/stages/open-stage.js';

export interface HashedCheckpoint {
  readonly path: string;
  readonly committedSteps: number;
  readonly expected: CheckpointExpectation;
  readonly stages: readonly Stage[];
  /** Of the dataset. */
  readonly vocabularySize: number;
}

/**
 * All of the state is in memory for it.
 *
 * @param range in bytes, as a ledger records it
 * @returns null where the range does not lie in the state
 * @throws CheckpointError
 */
export async function hashOfCheckpoint(
  { path, committedSteps, expected, stages, vocabularySize }: HashedCheckpoint,
  { from, to }: Pick<StateHash, 'from' | 'to'>,
): Promise<StateHash | null> {
  const stage = stageAt(stages, committedSteps);
  const { layout } = modelOfStage({ dataset: { vocabularySize }, stages }, stage);
  const state = HostState.zeros(layout);
  if (to > hashedBytes(state)) return null;
  await readCheckpoint(path, expected, state);
  return hashState(openArithmetic(), state, { begin: from, end: to });
}
