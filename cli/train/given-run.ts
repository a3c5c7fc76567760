/**
 * The folder of a run whose id is given by whoever starts its coordinators: it is empty, as in a new pod,
 * or it holds this very run. What the run is, its log says; the folder decides nothing.
 */
import type { RunId } from '../../shared/ids.js';
import { UsageError } from '../usage-error.js';
import { requireDataset } from './output-folder.js';
import { type RunRecord, readRunRecord } from './run-record.js';

/**
 * Null where the folder holds no run. Reads only.
 *
 * @throws UsageError where it holds another run
 */
export function heldRun(output: string, run: RunId): RunRecord | null {
  const held = readRunRecord(output);
  if (held === null) return null;
  if (held.id !== run) {
    throw new UsageError(
      `Cannot lead the run ${run} in "${output}": it holds the run ${held.id}: choose another ` +
        '--output, or leave --run out and continue that one with --resume',
    );
  }
  return held;
}

/** @throws UsageError where the run was trained on another dataset */
export function recordOfGiven(
  output: string,
  held: RunRecord | null,
  record: RunRecord,
): RunRecord {
  if (held !== null) requireDataset(output, held, record.datasetDigest);
  return record;
}
