/** A command that runs as a process, as a test sees it: what it said and how it ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface CommandEnd {
  readonly code: number | null;
  /** The last line of standard output; empty where there was none. */
  readonly last: Readonly<Record<string, unknown>>;
  readonly errors: string;
}

export interface Command {
  readonly process: ChildProcess;
  /** `coordinator`, `worker-0`, `nats-server` -> pid, as the command named them. */
  readonly pids: ReadonlyMap<string, number>;
  /** Resolves when so many steps are committed, or the command has ended. */
  committed(steps: number): Promise<void>;
  readonly end: Promise<CommandEnd>;
}

export function startCommand(program: string, words: readonly string[]): Command {
  const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const pids = new Map<string, number>();
  let last: Record<string, unknown> = {};
  let errors = '';
  let steps = 0;
  let onStep: () => void = () => undefined;
  createInterface({ input: child.stderr }).on('line', (line) => {
    errors += `${line}\n`;
    const [, name, pid] = /^(\S+): pid (\d+)/.exec(line) ?? [];
    if (name !== undefined) pids.set(name, Number(pid));
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    last = JSON.parse(line) as Record<string, unknown>;
    if (last.kind === 'committed') steps++;
    onStep();
  });
  const end = new Promise<CommandEnd>((resolve) =>
    child.once('close', (code) => resolve({ code, last, errors })),
  );
  const committed = (wanted: number): Promise<void> =>
    new Promise((resolve) => {
      onStep = () => {
        if (steps >= wanted) resolve();
      };
      onStep();
      void end.then(() => resolve());
    });
  return { process: child, pids, committed, end };
}
