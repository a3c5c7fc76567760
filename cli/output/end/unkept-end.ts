import { exitCodeOf, remedyOf } from '../../../shared/exit-codes.js';
import type { RunEnd } from '../../cluster/run-end.js';

/**
 * The end of a run whose history, ledger or result could not be written: however well it went, what it
 * should leave is not there, and whoever reads the folder would take it for a run that was killed.
 */
export function unkeptEnd(end: RunEnd): RunEnd {
  if (end.kind !== 'finished') return end;
  const { checkpoint, committedSteps } = end.result;
  const code = 'DISK_FULL';
  const message =
    `Cannot keep what the run leaves: its history, ledger or result could not be written, as was said ` +
    `above: training itself came to its end after ${committedSteps} committed steps ` +
    `(checkpoint: ${checkpoint ?? 'none'}): make room on the disk`;
  const cause = {
    code,
    message,
    process: null,
    remedy: remedyOf(code),
    exitCode: exitCodeOf(code),
  };
  return { kind: 'failed', cause, committedSteps, logFile: null };
}
