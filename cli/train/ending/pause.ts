/**
 * Ctrl-Z stops the command and, with it, every process of the run; `fg` lets all of them go on. They
 * are in sessions of their own, so the terminal cannot do it for us.
 */
import { type ChildProcess, spawn } from 'node:child_process';

/**
 * A stopped process does not notice that its parent is gone. So a shell holds a pipe from us: when we
 * end, however we end, it closes, and the shell lets everyone go on to their own end.
 */
const guard = 'read -r line; for pid; do kill -CONT "$pid"; done 2>/dev/null';

export interface Pausable {
  /** Those of the run that live, in the order in which they may stop: whoever is talked to comes last. */
  pids(): readonly number[];
}

/** Listens until the returned function is called. */
export function listenToPause(run: Pausable, note: (text: string) => void): () => void {
  let paused: { readonly pids: readonly number[]; readonly guard: ChildProcess } | null = null;
  const onStop = (): void => {
    if (paused !== null) return;
    const pids = run.pids();
    note('paused with all of its processes; fg goes on');
    paused = { pids, guard: startGuard(pids) };
    for (const pid of pids) signal(pid, 'SIGSTOP');
    process.kill(process.pid, 'SIGSTOP');
  };
  const onContinue = (): void => {
    if (paused === null) return;
    for (const pid of paused.pids.toReversed()) signal(pid, 'SIGCONT');
    paused.guard.stdin?.end();
    paused = null;
  };
  process.on('SIGTSTP', onStop);
  process.on('SIGCONT', onContinue);
  return () => {
    onContinue();
    process.off('SIGTSTP', onStop);
    process.off('SIGCONT', onContinue);
  };
}

function startGuard(pids: readonly number[]): ChildProcess {
  const shell = spawn('/bin/sh', ['-c', guard, 'lockstep-pause', ...pids.map(String)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Its own session: the terminal must not stop it too.
    detached: true,
  });
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  return shell;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended meanwhile, which its exit tells.
  }
}
