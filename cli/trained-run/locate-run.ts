/** Where a run lies that a command asks of, and which checkpoint of it was named. Reads only. */
import { accessSync, constants } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isBucket } from '../../storage/location.js';
import { checkpointsOf, holdsCheckpoints, jobFileOf } from '../train/output-folder.js';
import { UsageError } from '../usage-error.js';
import { checkpointsPlace } from './checkpoints-place.js';

export interface LocatedRun {
  /** The run's folder. */
  readonly output: string;
  /** Where its checkpoints are: a folder or a bucket. */
  readonly checkpoints: string;
  /** Null where the folder of the run was named, and not one of its checkpoints. */
  readonly checkpoint: string | null;
}

/**
 * A run's folder, or `FOLDER/checkpoints/step-00000120` in one; it has a checkpoint.
 *
 * @param doing what the command does to the run, as in "Cannot evaluate"
 * @throws UsageError where there is nothing to ask: the weights would be those of the seed
 */
export function locateRun(named: string, doing: string): LocatedRun {
  const { output, checkpoint } = locate(resolve(named), doing);
  if (checkpoint !== null) {
    if (isReadable(join(checkpoint, 'manifest.json'), doing)) {
      return { output, checkpoint, checkpoints: dirname(checkpoint) };
    }
    throw new UsageError(
      `Cannot ${doing} "${checkpoint}": it has no manifest.json: it must be a complete checkpoint`,
    );
  }
  const place = checkpointsPlace(output);
  if (place.kind === 'away') throw new UsageError(`Cannot ${doing} "${output}": ${place.reason}`);
  const { location } = place;
  // What is in a bucket is known when it is opened.
  if (isBucket(location) || holdsCheckpoints(location)) {
    return { output, checkpoint: null, checkpoints: location };
  }
  const where = location === checkpointsOf(output) ? '' : ` in ${location}`;
  throw new UsageError(
    `Cannot ${doing} "${output}": the run has no checkpoint yet${where}: it must have one`,
  );
}

function locate(folder: string, doing: string): Omit<LocatedRun, 'checkpoints'> {
  if (isReadable(jobFileOf(folder), doing)) return { output: folder, checkpoint: null };
  const output = dirname(dirname(folder));
  if (basename(folder).startsWith('step-') && isReadable(jobFileOf(output), doing)) {
    return { output, checkpoint: folder };
  }
  throw new UsageError(
    `Cannot ${doing} "${folder}": it must be the --output of a run, or a checkpoint in it`,
  );
}

/** False where there is none. @throws UsageError where it may not be read, which is not the same. */
function isReadable(file: string, doing: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw new UsageError(`Cannot ${doing}: ${message}: this user must be able to read it`, {
      cause,
    });
  }
}
