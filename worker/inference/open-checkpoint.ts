/** Which checkpoint of a run is opened. */
import { CheckpointError } from '../checkpoint/checkpoint-error.js';
import type { CheckpointExpectation, CheckpointManifest } from '../checkpoint/checkpoint-folder.js';
import { newestFirst } from '../checkpoint/newest-checkpoint.js';
import { checkpointPath } from '../checkpoint/store/open-checkpoint-store.js';
import { readManifest } from '../checkpoint/verify-checkpoint.js';

/** Which checkpoint of a run is asked for. */
export type CheckpointWish =
  | { readonly kind: 'newest' }
  /** The one with the best evaluation, which a job with `checkpoint.best` keeps. */
  | { readonly kind: 'best' }
  | { readonly kind: 'one'; readonly path: string };

/** Opens one checkpoint. @throws CheckpointError where it cannot be used. */
export type OpenCheckpoint<Opened> = (
  path: string,
  manifest: CheckpointManifest,
) => Promise<Opened>;

/**
 * Opens the checkpoint of a run that is asked for. Where the newest is and cannot be used, the one
 * before it is taken, and `note` hears why.
 *
 * @throws CheckpointError where there is none, or the one that was named cannot be used
 */
export async function openCheckpoint<Opened>(
  checkpoints: string,
  wish: CheckpointWish,
  expected: CheckpointExpectation,
  open: OpenCheckpoint<Opened>,
  note: (text: string) => void,
): Promise<Opened> {
  const openOne = async (path: string) => open(path, await readManifest(path, expected));
  if (wish.kind === 'one') return openOne(wish.path);
  if (wish.kind === 'best') return openOne(await bestOf(checkpoints, expected));
  for (const path of await newestFirst(checkpoints)) {
    try {
      return await openOne(path);
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      note(error.message);
    }
  }
  throw new CheckpointError(checkpoints, 'none in this folder can be used');
}

/** The newest checkpoint knows which is the best so far. */
async function bestOf(checkpoints: string, expected: CheckpointExpectation): Promise<string> {
  const [newest] = await newestFirst(checkpoints);
  if (newest === undefined) throw new CheckpointError(checkpoints, 'the folder holds none');
  const { best } = await readManifest(newest, expected);
  if (best !== undefined) return checkpointPath(checkpoints, best.committedSteps);
  const reason =
    'it knows of no best one: the job must have evaluation.everySteps and checkpoint.best';
  throw new CheckpointError(newest, reason);
}
