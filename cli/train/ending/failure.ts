/**
 * Finds the cause among the symptoms. When one process is killed, the others end because of it,
 * each with an error of its own; the user wants the first domino.
 */
import {
  consequenceCodes,
  type ExitCode,
  exitCodeOf,
  exitCodes,
  type Remedy,
  remedyOf,
} from '../../../shared/exit-codes.js';
import { gibibytes, lessMemory } from '../../../shared/memory-words.js';
import type { RunEvent } from '../../../shared/messages/run-events.js';
import type { Bytes } from '../../../shared/units.js';

export type FailedEvent = Extract<RunEvent, { kind: 'failed' }>;

export type Symptom =
  | {
      readonly kind: 'exit';
      /** `worker-1`, `coordinator`, `nats-server`. */
      readonly name: string;
      readonly pid: number;
      readonly code: number | null;
      readonly signal: string | null;
      /** Where the machine's kernel has killed for want of memory meanwhile. */
      readonly outOfMemory: OutOfMemory | null;
    }
  | { readonly kind: 'failed'; readonly event: FailedEvent };

export interface OutOfMemory {
  /** What the process held when it was last seen; null where it never was. */
  readonly held: Bytes | null;
}

export interface Cause {
  readonly exitCode: ExitCode;
  /** A stable word for machines. */
  readonly code: string;
  /** One sentence: who, what, at which committed step. */
  readonly message: string;
  /** What helps: to go on, or to change what the message names. */
  readonly remedy: Remedy;
  /** The process whose log tells more; null where none does. */
  readonly process: string | null;
}

/** Exit codes that say "because of someone else" or "as asked". */
const polite: ReadonlySet<number | null> = new Set([
  exitCodes.success,
  // It has said what it cannot use.
  exitCodes.usage,
  exitCodes.training,
  exitCodes.lost,
  exitCodes.stopped,
]);

/** How directly a symptom shows the cause; 0 is the most direct. */
function distance(symptom: Symptom): number {
  if (symptom.kind === 'failed') {
    // Who was told to end knows less than who lost something.
    if (symptom.event.code === 'ABORTED') return 5;
    return consequenceCodes.has(symptom.event.code) ? 4 : 2;
  }
  if (signalOf(symptom) !== null) return 0;
  if (polite.has(symptom.code)) return 6;
  // An error that a process could not handle; had it said which, that would tell more.
  return symptom.code === exitCodes.internal ? 3 : 1;
}

/** Explains what ended a run, from the symptoms in the order in which they were seen. */
export function explainFailure(symptoms: readonly Symptom[], committedSteps: number): Cause {
  const [cause] = [...symptoms].sort((a, b) => distance(a) - distance(b));
  const at = `after ${committedSteps} committed ${committedSteps === 1 ? 'step' : 'steps'}`;
  if (cause === undefined) {
    return {
      exitCode: exitCodes.internal,
      code: 'INTERNAL',
      message: `The run ended ${at}`,
      remedy: remedyOf('INTERNAL'),
      process: null,
    };
  }
  if (cause.kind === 'failed') {
    const { code, message, worker } = cause.event;
    return {
      exitCode: exitCodeOf(code),
      code,
      message: `${message} (${at})`,
      remedy: remedyOf(code),
      process: worker ?? 'coordinator',
    };
  }
  const { name, pid, code } = cause;
  const signal = signalOf(cause);
  const how = signal === null ? `ended with code ${code}` : `was killed by ${signal}`;
  const why = signal === 'SIGKILL' ? memoryText(cause.outOfMemory) : '';
  return {
    exitCode: exitCodes.lost,
    code: 'PROCESS_LOST',
    message: `${name} (pid ${pid}) ${how} ${at}${why}`,
    remedy: remedyOf('PROCESS_LOST'),
    process: name,
  };
}

function memoryText(outOfMemory: OutOfMemory | null): string {
  if (outOfMemory === null) return '';
  const { held } = outOfMemory;
  const size = held === null ? '' : `; it held ${gibibytes(held)} when last seen`;
  return `: the machine had no memory left${size}: ${lessMemory}`;
}

/** Common signals by number, for exits that a shell reports as 128 + n. */
const signals: Readonly<Record<number, string>> = {
  6: 'SIGABRT',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  15: 'SIGTERM',
};

function signalOf(exit: Extract<Symptom, { kind: 'exit' }>): string | null {
  if (exit.signal !== null) return exit.signal;
  if (exit.code === null || exit.code <= 128) return null;
  return signals[exit.code - 128] ?? `signal ${exit.code - 128}`;
}
