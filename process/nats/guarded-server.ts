/** A nats-server as a process that does not outlive us, whatever ends us. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { goodbyeTimeout } from '../../shared/limits.js';

export class NatsServerStartError extends Error {
  override readonly name = 'NatsServerStartError';
  readonly code = 'NATS_SERVER_START';
}

export interface NatsServerExit {
  /** 128 + n where signal n ended the server. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface GuardedServer {
  readonly pid: number;
  readonly port: number;
  readonly exited: Promise<NatsServerExit>;
  /** Ends it with its folder. */
  stop(): Promise<void>;
  /** Ends it at once, and leaves its folder. */
  kill(): Promise<void>;
}

export interface GuardedServerOptions {
  readonly binary: string;
  /** Holds `nats.conf`. */
  readonly directory: string;
  readonly logFile: string;
}

// $1 is the folder, the rest the command. Background jobs get no stdin in sh, hence descriptor 3.
// CONT lets a stopped server hear that it must end; no child is left that could outlive the shell.
// Signals of the terminal must not end the server before the run has written its checkpoint.
// The folder goes only where the server was told to end: one that was killed may be started again.
const guard = `
trap '' INT HUP
exec 3<&0
directory=$1
shift
"$@" 3<&- &
server=$!
{ read -r line <&3; : >"$directory/told"; kill "$server"; kill -CONT "$server"; } >/dev/null 2>&1 &
watcher=$!
wait "$server"
code=$?
kill "$watcher" 2>/dev/null
[ -e "$directory/told" ] && rm -rf "$directory"
exit "$code"
`;

const startTimeoutMs = 10_000;
const startPollMs = 20;

/** @throws NatsServerStartError with the end of its log. */
export async function startGuardedServer(options: GuardedServerOptions): Promise<GuardedServer> {
  const { binary, directory, logFile } = options;
  // Of one that was killed.
  for (const name of portsFiles(directory)) rmSync(join(directory, name), { force: true });
  const log = openSync(logFile, 'a');
  const command = [binary, '-c', join(directory, 'nats.conf')];
  const shell = spawn('/bin/sh', ['-c', guard, 'lockstep-nats', directory, ...command], {
    stdio: ['pipe', log, log],
    // Its own session: Ctrl-C in the terminal reaches us, not the server.
    detached: true,
  });
  closeSync(log);
  shell.stdin?.on('error', () => undefined);
  const exited = new Promise<NatsServerExit>((resolve) => {
    shell.once('error', () => resolve({ code: null, signal: null }));
    shell.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const { pid, port } = await portOf(directory, exited, logFile).catch((error: unknown) => {
    shell.stdin?.end();
    throw error;
  });
  const kill = (): void => {
    // The number of a process that ended may be another one's by now.
    if (shell.exitCode === null && shell.signalCode === null) killNow(pid);
  };
  return {
    pid,
    port,
    exited,
    async stop() {
      shell.stdin?.end();
      const killer = setTimeout(kill, goodbyeTimeout);
      await exited;
      clearTimeout(killer);
    },
    async kill() {
      kill();
      await exited;
    },
  };
}

async function portOf(
  directory: string,
  exited: Promise<NatsServerExit>,
  logFile: string,
): Promise<{ pid: number; port: number }> {
  let ended: NatsServerExit | null = null;
  void exited.then((exit) => {
    ended = exit;
  });
  for (let waited = 0; waited < startTimeoutMs; waited += startPollMs) {
    if (ended !== null) break;
    const found = readPorts(directory);
    if (found !== null) return found;
    await sleep(startPollMs);
  }
  const tail = readFileSync(logFile, 'utf8').trim().split('\n').slice(-5).join('\n');
  throw new NatsServerStartError(`Cannot start nats-server; its log ends with:\n${tail}`);
}

/** The server writes `nats-server_<pid>.ports` once it listens. */
function readPorts(directory: string): { pid: number; port: number } | null {
  const [name] = portsFiles(directory);
  const pid = Number(/_(\d+)\.ports$/.exec(name ?? '')?.[1]);
  if (name === undefined || !Number.isInteger(pid)) return null;
  try {
    const ports = JSON.parse(readFileSync(join(directory, name), 'utf8')) as { nats?: string[] };
    const port = Number(new URL(ports.nats?.[0] ?? '').port);
    return port > 0 ? { pid, port } : null;
  } catch {
    // Half written: the next look will find the rest.
    return null;
  }
}

function portsFiles(directory: string): string[] {
  try {
    return readdirSync(directory).filter((entry) => entry.endsWith('.ports'));
  } catch {
    return [];
  }
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}
