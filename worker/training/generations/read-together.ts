/**
 * Members read a checkpoint that perhaps only some of them can see: hosts have folders of their own.
 * Whoever can reads it; the others get it from the lowest rank that has.
 */
import { checkpointName } from '../../checkpoint/checkpoint-folder.js';
import { tellAll } from '../../collective/tell-all.js';
import type { Membership } from './membership.js';

/** Nobody can read a checkpoint that training must go back to. */
export class CheckpointLostError extends Error {
  override readonly name = 'CheckpointLostError';
  readonly code = 'CHECKPOINT_LOST';
  readonly committedSteps: number;

  constructor(committedSteps: number, reason: string | null) {
    // Other weights would be another training: a run that resumes comes by the same checkpoint again.
    super(
      `Cannot go back to ${checkpointName(committedSteps)}: no member can read it` +
        `${reason === null ? '' : ` (${reason})`}: ` +
        'resume from an older checkpoint, whose training writes it again',
    );
    this.committedSteps = committedSteps;
  }
}

/** Floats of an operation: an abort need not wait for a whole model. */
const pieceFloats = 2 ** 22;

/**
 * @param read fills the vectors, which lie in shared memory; false where this member cannot
 * @returns false where nobody can
 */
export async function readTogether(
  membership: Membership,
  committedSteps: number,
  vectors: readonly Float32Array[],
  read: () => Promise<boolean>,
): Promise<boolean> {
  const { exchange } = membership;
  const has = await read();
  const tag = () => membership.tag(committedSteps, 'read');
  const told = await tellAll(exchange, tag(), [has ? 1 : 0]);
  const source = told.findIndex(([flag]) => flag === 1);
  if (source < 0) return false;
  if (told.every(([flag]) => flag === 1)) return true;
  for (const vector of vectors) {
    for (let at = 0; at < vector.length; at += pieceFloats) {
      const parts = told.map(() => vector.subarray(0, 0));
      // Those that have read it themselves get the same bytes once more.
      parts[source] = vector.subarray(at, at + pieceFloats);
      await exchange.allGather(tag(), parts);
    }
  }
  return true;
}
