/** `run.json`: which run a folder holds. Written when the run begins, kept when it is resumed. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '../../process/write-atomically.js';
import type { RunId } from '../../shared/ids.js';
import { readRunId } from '../../shared/run/run-id.js';
import { UsageError } from '../usage-error.js';

export interface RunRecord {
  readonly id: RunId;
  /** Of the dataset that the run trains on. */
  readonly datasetDigest: string;
  /**
   * Where the dataset lies as seen from the folder, for a folder that is moved together with it; null
   * for a built-in one.
   */
  readonly datasetPath: string | null;
  /**
   * Where its checkpoints are, as the coordinator was told: a folder, `s3://bucket/prefix`, or `workers`; null
   * in its own folder.
   */
  readonly checkpoints: string | null;
}

/** Each worker keeps its checkpoints in a folder of its own. */
export const withWorkers = 'workers';

export const recordFileOf = (output: string): string => join(output, 'run.json');

/**
 * Null where the folder holds no run yet.
 *
 * @throws UsageError where the file is there and cannot be used.
 */
export function readRunRecord(output: string): RunRecord | null {
  const file = recordFileOf(output);
  if (!existsSync(file)) return null;
  try {
    const { id, datasetDigest, datasetPath, checkpoints } = JSON.parse(
      readFileSync(file, 'utf8'),
    ) as Record<string, unknown>;
    const read = readRunId(id);
    if (read !== null && typeof datasetDigest === 'string') {
      const textOr = (value: unknown) => (typeof value === 'string' ? value : null);
      return {
        id: read,
        datasetDigest,
        datasetPath: textOr(datasetPath),
        // Left out by runs that were begun before it was recorded.
        checkpoints: textOr(checkpoints),
      };
    }
  } catch (cause) {
    throw unusable(file, (cause as Error).message, cause);
  }
  throw unusable(file, 'it must have an "id" like t0123456789abcdef and a "datasetDigest"');
}

export const writeRunRecord = (output: string, record: RunRecord): void =>
  writeAtomically(recordFileOf(output), `${JSON.stringify(record, null, 2)}\n`);

const unusable = (file: string, why: string, cause?: unknown): UsageError =>
  new UsageError(`Cannot use the run's record ${file}: ${why}`, { cause });
