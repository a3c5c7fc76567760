/** One process of a run: forked, with a channel, its output in a log file. */
import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { logCopy } from '../../process/logs/log-copy.js';
import type { RunCommand, RunEvent } from '../../shared/messages/run-events.js';

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Child {
  /** `coordinator`, `worker-0`. */
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly exited: Promise<ChildExit>;
  send(command: RunCommand): void;
  kill(): void;
}

export interface ChildOptions {
  readonly name: string;
  /** The compiled entry. */
  readonly entry: URL;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly onEvent: (event: RunEvent) => void;
}

export function startChild(options: ChildOptions): Child {
  const { name, logFile } = options;
  const copy = logCopy(process.env);
  const log = openSync(logFile, 'a');
  const child = fork(options.entry, options.arguments, {
    // The log is a file, not a pipe: a process can still write its last words when we are gone.
    stdio: ['ignore', log, log, 'ipc', ...copy.stdio],
    env: { ...process.env, ...copy.environment, ...options.environment },
    // Its own session: Ctrl-C in the terminal reaches us, and we decide what it means.
    detached: true,
  });
  closeSync(log);
  child.on('message', (event) => options.onEvent(event as RunEvent));
  return {
    name,
    pid: child.pid ?? 0,
    logFile,
    exited: exitOf(child),
    send(command) {
      // A channel that is closed belongs to a process whose exit is about to be told.
      if (child.connected) child.send(command, () => undefined);
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

function exitOf(child: ChildProcess): Promise<ChildExit> {
  return new Promise((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}
