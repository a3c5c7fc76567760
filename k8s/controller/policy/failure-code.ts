/** Why a job failed, as one of the codes of shared/exit-codes.ts: for alerts, which cannot read sentences. */
import type { TrainingJobStatus } from '../../crd/status-schema.js';
import { conditionOf } from './conditions.js';

/** Null while it has not failed; `none` where no process has said a code. */
export function failureCode(status: TrainingJobStatus | undefined): string | null {
  const failed = conditionOf(status, 'Failed');
  if (failed?.status !== 'True') return null;
  // The coordinator's last words end with it (last-words.ts).
  return /\(([A-Z][A-Z0-9_]+)\)$/.exec(failed.message)?.[1] ?? 'none';
}
