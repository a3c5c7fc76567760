/** How the long-lived processes begin and end: signals, parent, last words, exit code. */
import { codeOf, type ExitCode, exitCodeOf } from '../shared/exit-codes.js';
import type { Log } from '../shared/log.js';
import type { RunEvent } from '../shared/messages/run-events.js';
import type { Millis } from '../shared/units.js';
import { type Parent, watchParent } from './parent.js';

export interface LifeHandlers {
  /** Finish what must be finished, then end. */
  readonly onStop: () => void;
  /** End, and leave what this process is part of to others; left out where nobody else could. */
  readonly onLeave?: () => void;
  /** End now. */
  readonly onAbort: (reason: string) => void;
}

/**
 * Maps signals and the parent's commands to wishes. The first SIGTERM, SIGINT or SIGHUP is a wish to
 * leave where that is possible, else to stop, and the second one to abort.
 */
export function beginLife({ onStop, onAbort, onLeave = onStop }: LifeHandlers): Parent {
  let asked = false;
  const stop = (signal: string): void => {
    if (asked) onAbort(`it received ${signal} twice`);
    else onLeave();
    asked = true;
  };
  // A terminal that is closed must not cost the step that is under way.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => stop(signal));
  }
  return watchParent({
    onCommand: (command) => {
      if (command.kind === 'abort') onAbort(command.reason);
      else if (command.kind === 'leave') onLeave();
      else onStop();
    },
    onGone: () => onAbort('the parent process ended'),
  });
}

/**
 * From here on the process has so long to say goodbye; then it kills itself. Whatever hangs by then
 * (a socket, native code) has nothing to say that is worth an orphan.
 */
export function endWithin(deadline: Millis): void {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), deadline).unref();
}

/**
 * Runs a process's main function. An error that it did not handle itself is logged, told to the
 * parent, and ends the process.
 */
export async function live(name: string, log: Log, main: () => Promise<ExitCode>): Promise<void> {
  const die = (error: unknown, how: string): void => {
    const { message, stack } = error as Error;
    const code = codeOf(error);
    log.error({ how, code, stack }, message);
    const exit = (): void => process.exit(exitCodeOf(code));
    if (!process.connected) exit();
    const event: RunEvent = { kind: 'failed', code, message, worker: name, committedSteps: 0 };
    process.send?.(event, undefined, undefined, exit);
  };
  process.on('uncaughtException', (error) => die(error, 'uncaught exception'));
  process.on('unhandledRejection', (error) => die(error, 'unhandled rejection'));
  try {
    process.exit(await main());
  } catch (error) {
    die(error, 'failed');
  }
}
