import { existsSync, readFileSync } from 'node:fs';
import { exitCodes } from '../../../shared/exit-codes.js';
import type { Cause } from '../../train/ending/failure.js';
import { type NextCommand, nextText } from '../../train/ending/resume-command.js';
import { printableLines } from '../text/printable.js';
import { nextStepText } from './next-steps.js';

const shownLines = 8;

/** What a failed run says: the cause, the end of the log that tells most, what to do next, how to go on. */
export function failureText(cause: Cause, logFile: string | null, next: NextCommand): string {
  const parts = [`lockstep: ${cause.message}`];
  // What the user can change is all in the message; a log would hide it.
  const tail = logFile === null || cause.exitCode === exitCodes.usage ? [] : tailOf(logFile);
  if (tail.length > 0) {
    parts.push(`The log ends with (${logFile}):`, ...tail.map((line) => `  ${line}`));
  }
  parts.push(nextStepText(cause.code));
  if (cause.remedy === 'resume') parts.push(nextText(next));
  return printableLines(parts.join('\n'));
}

function tailOf(file: string): string[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines
    .filter((line) => line !== '')
    .slice(-shownLines)
    .map(readable);
}

/** A JSON line of a log in a form for people; anything else as it is. */
export function readable(line: string): string {
  try {
    const { level, time, msg, code, stack } = JSON.parse(line) as Record<string, unknown>;
    if (typeof msg !== 'string') return line;
    const clock = typeof time === 'string' ? time.slice(11, 19) : '';
    const where =
      typeof stack === 'string'
        ? `\n    ${stack.split('\n').slice(1, 4).join('\n    ').trim()}`
        : '';
    return `${clock} ${String(level)} ${msg}${code === undefined ? '' : ` [${String(code)}]`}${where}`;
  } catch {
    return line;
  }
}
