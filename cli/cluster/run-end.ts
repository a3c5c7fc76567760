/** How a run ended, for the words and the exit code of whoever started or watched it. */
import type { RunResult } from '../../shared/messages/run-events.js';
import { type Cause, explainFailure } from '../train/ending/failure.js';
import type { LogEnd } from './follow-run.js';

export type RunEnd =
  | { readonly kind: 'finished'; readonly result: RunResult }
  | {
      readonly kind: 'failed';
      readonly cause: Cause;
      readonly committedSteps: number;
      /** Of the process that failed; null where none is known, or it is on another machine. */
      readonly logFile: string | null;
    }
  /** Asked to end at once. */
  | { readonly kind: 'interrupted'; readonly committedSteps: number };

/** What can become of the processes of one machine: the run may go on without them. */
export type ClusterEnd = RunEnd | { readonly kind: 'left' };

/** What a run's log says of its end. */
export function runEndOf(end: LogEnd): RunEnd {
  if (end.kind === 'finished') return end;
  const { committedSteps } = end;
  const cause = explainFailure([{ kind: 'failed', event: end }], committedSteps);
  return { kind: 'failed', cause, committedSteps, logFile: null };
}
