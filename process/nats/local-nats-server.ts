/**
 * A nats-server of our own for one run: a free loopback port, a secret for each role, JetStream in a
 * folder that goes away with it. A shell stands between, holding a pipe from us: when we end, however we end,
 * the pipe closes, and the shell ends the server and removes the folder.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { goodbyeTimeout } from '../../shared/limits.js';
import { freeBytes, sizeText, storingSync } from '../../storage/storage-error.js';
import { authorization, type NatsUser, workerSubjects } from './nats-roles.js';

export class NatsServerStartError extends Error {
  override readonly name = 'NatsServerStartError';
  readonly code = 'NATS_SERVER_START';
}

export interface NatsServerExit {
  /** 128 + n where signal n ended the server. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface LocalNatsServer {
  /** The coordinator's, with its secret: give it to children by environment, never by argument. */
  readonly url: string;
  /** A worker's: it may report and read, and publish no plans. */
  readonly workerUrl: string;
  readonly pid: number;
  readonly exited: Promise<NatsServerExit>;
  /** What its log says of a disk that has no room; null while it says nothing of the kind. */
  fullDisk(): Promise<string | null>;
  /** Ends the server and waits until it is gone, its folder included. */
  stop(): Promise<void>;
}

export interface LocalNatsServerOptions {
  readonly binary: string;
  /** Created; removed at the end. */
  readonly directory: string;
  readonly logFile: string;
}

// $1 is the folder, the rest the command. Background jobs get no stdin in sh, hence descriptor 3.
// CONT lets a stopped server hear that it must end; no child is left that could outlive the shell.
// Signals of the terminal must not end the server before the run has written its checkpoint.
const guard = `
trap '' INT HUP
exec 3<&0
directory=$1
shift
"$@" 3<&- &
server=$!
{ read -r line <&3; kill "$server"; kill -CONT "$server"; } >/dev/null 2>&1 &
watcher=$!
wait "$server"
code=$?
kill "$watcher" 2>/dev/null
rm -rf "$directory"
exit "$code"
`;

const startTimeoutMs = 10_000;
const startPollMs = 20;

/** @throws NatsServerStartError with the end of its log. */
export async function startLocalNatsServer(
  options: LocalNatsServerOptions,
): Promise<LocalNatsServer> {
  const { binary, directory, logFile } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const [secret, workerSecret] = [0, 1].map(() => randomBytes(18).toString('hex'));
  const users = [
    { user: 'coordinator', password: secret as string, mayPublish: null },
    { user: 'worker', password: workerSecret as string, mayPublish: workerSubjects },
  ];
  const config = join(directory, 'nats.conf');
  storingSync("nats-server's configuration", config, () =>
    writeFileSync(config, configuration(directory, users), { mode: 0o600 }),
  );
  const logStart = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  const log = openSync(logFile, 'a');
  const shell = spawn('/bin/sh', ['-c', guard, 'lockstep-nats', directory, binary, '-c', config], {
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
  return {
    url: `nats://coordinator:${secret}@127.0.0.1:${port}`,
    workerUrl: `nats://worker:${workerSecret}@127.0.0.1:${port}`,
    pid,
    exited,
    fullDisk: () => fullDisk(logFile, logStart, directory),
    stop: () => stop(shell, exited, pid),
  };
}

const configuration = (directory: string, users: readonly NatsUser[]): string => `
listen: "127.0.0.1:-1"
ports_file_dir: ${JSON.stringify(directory)}
jetstream { store_dir: ${JSON.stringify(join(directory, 'jetstream'))} }
${authorization(users)}`;

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
  const names = listed(directory);
  const name = names.find((entry) => entry.endsWith('.ports'));
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

function listed(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

async function stop(
  shell: ChildProcess,
  exited: Promise<NatsServerExit>,
  pid: number,
): Promise<void> {
  shell.stdin?.end();
  const killer = setTimeout(() => kill(pid), goodbyeTimeout);
  await exited;
  clearTimeout(killer);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}

/** The first line of a server's log that says that its disk has no room; null without one. */
export const fullDiskLine = (log: string): string | null =>
  /\[ERR\] (.*(no space left on device|disk quota exceeded|resource limits exceeded).*)/i.exec(
    log,
  )?.[1] ?? null;

async function fullDisk(logFile: string, start: number, directory: string): Promise<string | null> {
  const line = fullDiskLine(readFileSync(logFile).subarray(start).toString());
  if (line === null) return null;
  const free = await freeBytes(directory);
  const room = free === null ? '' : `, ${sizeText(free)} are free`;
  return `nats-server cannot store the plan in ${directory}: the disk is full (${line}${room})`;
}
