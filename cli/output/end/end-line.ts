/** How a run ended, as the last line of its history and of `--json`, and as `result.json`. */
import {
  codeOf,
  type ExitCode,
  exitCodeOf,
  exitCodes,
  remedyOf,
} from '../../../shared/exit-codes.js';
import { finishedLine } from '../../../shared/history/event-lines.js';
import type { EndLine, HistoryLineOf } from '../../../shared/history/history-line.js';
import type { RunEnd } from '../../cluster/run-end.js';

/**
 * @param next the command that goes on
 * @param time ISO 8601
 */
export function endLine(end: RunEnd, next: string, time: string): EndLine {
  if (end.kind === 'finished') {
    const resume = end.result.stopped ? next : null;
    return finishedLine(end.result, { exitCode: exitCodeOfEnd(end), resume, time });
  }
  const { committedSteps } = end;
  const cause =
    end.kind === 'failed'
      ? end.cause
      : {
          code: 'INTERRUPTED',
          message: `stopped at once after ${committedSteps} committed steps`,
          process: null,
          remedy: remedyOf('INTERRUPTED'),
        };
  return {
    kind: 'failed',
    time,
    committed_steps: committedSteps,
    exit_code: exitCodeOfEnd(end),
    code: cause.code,
    message: cause.message,
    process: cause.process,
    resume: cause.remedy === 'resume' ? next : null,
  };
}

export function exitCodeOfEnd(end: RunEnd): ExitCode {
  if (end.kind === 'failed') return end.cause.exitCode;
  if (end.kind === 'interrupted') return exitCodes.interrupted;
  return end.result.stopped ? exitCodes.stopped : exitCodes.success;
}

/** The last line of a command that leaves a run which goes on without it; no history has it. */
export const leftLine = (committedSteps: number, time: string) =>
  ({ kind: 'left', time, exit_code: exitCodes.stopped, committed_steps: committedSteps }) as const;

/** A file or an address that the system refuses is the user's to change: the message says which. */
export function exitCodeOfError(error: unknown): ExitCode {
  const ofTheSystem = typeof (error as NodeJS.ErrnoException | null)?.syscall === 'string';
  return ofTheSystem ? exitCodes.usage : exitCodeOf(codeOf(error));
}

/** The end of a run that could not be run at all: `error` goes on to whoever called. */
export function brokenLine(
  error: unknown,
  committedSteps: number,
  next: string | null,
  time: string,
): HistoryLineOf<'failed'> {
  const code = codeOf(error);
  return {
    kind: 'failed',
    time,
    committed_steps: committedSteps,
    exit_code: exitCodeOfError(error),
    code,
    message: error instanceof Error ? error.message : String(error),
    process: null,
    resume: remedyOf(code) === 'resume' ? next : null,
    ...placeOf(error),
  };
}

/** Where in whose file an error was found, which some know. */
function placeOf(error: unknown): { file?: string; line?: number } {
  const { file, line } = (error ?? {}) as { file?: unknown; line?: unknown };
  return {
    ...(typeof file === 'string' && { file }),
    ...(typeof line === 'number' && { line }),
  };
}
