/** A command that runs as a process, as a test sees it: what it said and how it ended. */
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface CommandEnd {
  readonly code: number | null;
  /** The last line of standard output; empty where there was none. */
  readonly last: Readonly<Record<string, unknown>>;
  /** All of them. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  readonly errors: string;
}

export interface Command {
  readonly process: ChildProcess;
  /** `coordinator`, `worker-0`, `nats-server` -> pid, as the command named them. */
  readonly pids: ReadonlyMap<string, number>;
  /** What it has printed so far. */
  readonly lines: CommandEnd['lines'];
  /** Resolves when so many steps are committed, or the command has ended. */
  committed(steps: number): Promise<void>;
  /** Resolves when it has printed a line of the kind, or has ended. */
  said(kind: string): Promise<void>;
  /** Resolves with the first line of its standard error that is like this; null where it has ended. */
  warned(line: RegExp): Promise<RegExpExecArray | null>;
  readonly end: Promise<CommandEnd>;
}

export const startCommand = (
  program: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Command =>
  watch(
    spawn(process.execPath, [program, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    }),
  );

/** A command as a user pastes it. */
export const startPasted = (text: string): Command =>
  watch(spawn('/bin/sh', ['-c', `exec ${text}`], { stdio: ['ignore', 'pipe', 'pipe'] }));

function watch(child: ChildProcessByStdio<null, Readable, Readable>): Command {
  const pids = new Map<string, number>();
  const lines: Record<string, unknown>[] = [];
  let errors = '';
  const kinds = new Map<string, number>();
  const listeners: (() => void)[] = [];
  const told = (): void => {
    for (const listener of listeners) listener();
  };
  createInterface({ input: child.stderr }).on('line', (line) => {
    errors += `${line}\n`;
    told();
    const [, name, pid] = /^(\S+): pid (\d+)/.exec(line) ?? [];
    if (name !== undefined) pids.set(name, Number(pid));
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const read = JSON.parse(line) as Record<string, unknown>;
    lines.push(read);
    const kind = String(read.kind);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    told();
  });
  const end = new Promise<CommandEnd>((resolve) =>
    child.once('close', (code) => resolve({ code, last: lines.at(-1) ?? {}, lines, errors })),
  );
  const until = (isTrue: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (isTrue()) resolve();
      };
      listeners.push(look);
      look();
      void end.then(() => resolve());
    });
  const said = (kind: string, times: number): Promise<void> =>
    until(() => (kinds.get(kind) ?? 0) >= times);
  return {
    process: child,
    pids,
    lines,
    committed: (steps) => said('committed', steps),
    said: (kind) => said(kind, 1),
    warned: async (line) => {
      const find = (): RegExpExecArray | null =>
        errors
          .split('\n')
          .reduce<RegExpExecArray | null>((found, each) => found ?? line.exec(each), null);
      await until(() => find() !== null);
      return find();
    },
    end,
  };
}
