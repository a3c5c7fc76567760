/**
 * A nats-server of our own for one run: a free loopback port, a secret for each role, JetStream in a
 * folder that goes away with it. A shell stands between, holding a pipe from us: when we end, however we end,
 * the pipe closes, and the shell ends the server and removes the folder. A server that ends by
 * itself leaves its folder: it can be started again on it, at the same address.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freeBytes, sizeText, storingSync } from '../../storage/storage-error.js';
import { type GuardedServer, type NatsServerExit, startGuardedServer } from './guarded-server.js';
import { accountText, type NatsRole, type NatsUser, rightsOf, usersOfJob } from './nats-roles.js';

export interface LocalNatsServer {
  /** The coordinator's, with its secret: give it to children by environment, never by argument. */
  readonly url: string;
  /** A worker's: it may report and read, and publish no plans. */
  readonly workerUrl: string;
  /** Of those who only watch: they may read the log and ask for an end. */
  readonly watcherUrl: string;
  /** Of the server that runs now, or ran last. */
  readonly pid: number;
  readonly exited: Promise<NatsServerExit>;
  /** What its log says of a disk that has no room; null while it says nothing of the kind. */
  fullDisk(): Promise<string | null>;
  /**
   * Starts the server again at its address and with all that it had stored on its disk; one that
   * still runs is killed. Resolves when it listens.
   *
   * @throws NatsServerStartError
   */
  restart(): Promise<void>;
  /** Ends the server and waits until it is gone, its folder included. */
  stop(): Promise<void>;
}

export interface LocalNatsServerOptions {
  readonly binary: string;
  /** Created; removed at the end. */
  readonly directory: string;
  readonly logFile: string;
  /** All users are limited to this job; without it the coordinator's may do anything. */
  readonly job?: string;
  /** A free one without it. */
  readonly port?: number;
  /** Further lines of its configuration, such as a cluster's. */
  readonly configuration?: string;
  /** Passwords of the roles, where several servers must have the same; random otherwise. */
  readonly passwords?: Readonly<Record<NatsRole, string>>;
}

/** @throws NatsServerStartError with the end of its log. */
export async function startLocalNatsServer(
  options: LocalNatsServerOptions,
): Promise<LocalNatsServer> {
  const { directory, logFile, passwords = randomPasswords() } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const logStart = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  const start = (port: number): Promise<GuardedServer> => {
    writeConfiguration(options, usersOf(options.job ?? null, passwords), port);
    return startGuardedServer(options);
  };
  let current = await start(options.port ?? anyPort);
  const { port } = current;
  const url = (role: NatsRole): string => `nats://${role}:${passwords[role]}@127.0.0.1:${port}`;
  return {
    url: url('coordinator'),
    workerUrl: url('worker'),
    watcherUrl: url('watcher'),
    get pid() {
      return current.pid;
    },
    get exited() {
      return current.exited;
    },
    fullDisk: () => fullDisk(logFile, logStart, directory),
    async restart() {
      await current.kill();
      current = await start(port);
    },
    async stop() {
      await current.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const anyPort = -1;

function randomPasswords(): Record<NatsRole, string> {
  const password = (): string => randomBytes(18).toString('hex');
  return { coordinator: password(), worker: password(), watcher: password() };
}

function usersOf(job: string | null, passwords: Readonly<Record<NatsRole, string>>): NatsUser[] {
  if (job !== null) return usersOfJob(job, passwords);
  return [
    { user: 'coordinator', password: passwords.coordinator, may: null },
    ...(['worker', 'watcher'] as const).map((role) => ({
      user: role,
      password: passwords[role],
      may: rightsOf(role, '*', role),
    })),
  ];
}

function writeConfiguration(
  { configuration = '', directory }: LocalNatsServerOptions,
  users: readonly NatsUser[],
  port: number,
): void {
  const path = join(directory, 'nats.conf');
  const text = `
listen: "127.0.0.1:${port}"
ports_file_dir: ${JSON.stringify(directory)}
jetstream { store_dir: ${JSON.stringify(join(directory, 'jetstream'))} }
${configuration}
accounts {
${accountText('lockstep', users)}}
`;
  storingSync("nats-server's configuration", path, () =>
    writeFileSync(path, text, { mode: 0o600 }),
  );
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
