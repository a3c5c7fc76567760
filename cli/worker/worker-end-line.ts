/** How a worker has ended, for whoever keeps it; docs/cluster.md. */
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import type { FailedEvent } from '../train/ending/failure.js';

export interface WorkerEnd {
  readonly worker: string;
  readonly code: ExitCode;
  /** The last failure that it has told; null without one. */
  readonly failure: FailedEvent | null;
  readonly reason: string;
  /** ISO 8601. */
  readonly time: string;
}

export function workerEndLine({ code, failure, reason, time, worker }: WorkerEnd): object {
  const line = { time, exit_code: code, worker };
  if (code === exitCodes.success) return { kind: 'finished', ...line, message: reason };
  if (code === exitCodes.stopped) return { kind: 'left', ...line, message: reason };
  const { code: word = 'PROCESS_LOST', message = reason } = failure ?? {};
  return { kind: 'failed', ...line, code: word, message };
}
