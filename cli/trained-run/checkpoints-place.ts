/**
 * Where the checkpoints of a run lie, as seen from here: in its folder, in another one, in a bucket, or with
 * the workers that wrote them. `run.json` says which of them a run was begun or resumed with.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { historyFileOf } from '../../process/history/run-history.js';
import { historyLine } from '../../shared/history/history-line.js';
import { isBucket } from '../../storage/location.js';
import { checkpointsOf, hasCheckpoints } from '../train/output-folder.js';
import { readRunRecord, withWorkers } from '../train/run-record.js';

export type CheckpointsPlace =
  /** A folder, or `s3://bucket/prefix`. */
  | { readonly kind: 'here'; readonly location: string }
  /** They cannot be read from here; the reason is a clause. */
  | { readonly kind: 'away'; readonly reason: string };

/** @throws UsageError where the run's record cannot be used */
export function checkpointsPlace(output: string): CheckpointsPlace {
  const own = checkpointsOf(output);
  const elsewhere = readRunRecord(output)?.checkpoints ?? null;
  // Whoever has copied them into the run's folder wants them read there.
  if (elsewhere === null || hasCheckpoints(output)) return { kind: 'here', location: own };
  if (elsewhere === withWorkers) return { kind: 'away', reason: reasonOfWorkers(output, own) };
  if (isBucket(elsewhere) || existsSync(elsewhere)) return { kind: 'here', location: elsewhere };
  const reason = `its checkpoints are in ${elsewhere}, which is not on this machine`;
  return { kind: 'away', reason };
}

function reasonOfWorkers(output: string, own: string): string {
  const newest = newestWritten(output);
  const where =
    newest === null
      ? ''
      : `; the newest, of ${newest.committedSteps} steps, is ${newest.path} where its worker ran`;
  return `its checkpoints are with its workers (--checkpoints workers)${where}: copied to ${own}, they are read`;
}

/** As much of the end of a history as has its last checkpoint, where they are not hours apart. */
const tailBytes = 4_194_304;

function newestWritten(output: string): { committedSteps: number; path: string } | null {
  const lines = tailOf(historyFileOf(output)).split('\n').reverse();
  for (const line of lines) {
    if (!line.includes('"checkpointed"')) continue;
    const read = historyLine.safeParse(jsonOf(line));
    if (read.success && read.data.kind === 'checkpointed') {
      return { committedSteps: read.data.committed_steps, path: read.data.path };
    }
  }
  return null;
}

function tailOf(path: string): string {
  if (!existsSync(path)) return '';
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(size, tailBytes));
    return tail.toString('utf8', 0, readSync(file, tail, 0, tail.length, size - tail.length));
  } finally {
    closeSync(file);
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
