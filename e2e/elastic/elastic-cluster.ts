/** A run with real processes, links and a real nats-server, whose processes the test starts and kills. */
import { type ChildProcess, fork } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openNatsBus } from '../../bus/nats-bus.js';
import {
  type LocalNatsServer,
  startLocalNatsServer,
} from '../../process/nats/local-nats-server.js';
import { findNatsServer } from '../../process/nats/project-nats-server.js';
import type { Bus, BusLog } from '../../shared/bus.js';
import { jobId, runId } from '../../shared/ids.js';
import { wholeJobDigest } from '../../shared/job-spec/job-digest.js';
import { resolveJob } from '../../shared/job-spec/job-spec.js';
import { decodeLogEntry, type Happening } from '../../shared/messages/cluster/log-entry.js';
import { logStream, logSubject } from '../../shared/subjects.js';

export type HappeningOf<Kind extends Happening['kind']> = Extract<Happening, { kind: Kind }>;

interface Waiter {
  readonly isIt: (happening: Happening) => boolean;
  readonly resolve: (happening: Happening) => void;
}

const entries = {
  coordinator: new URL('../../coordinator/main.js', import.meta.url),
  worker: new URL('../../worker/main.js', import.meta.url),
};

export class CoordinatedCluster {
  readonly folder: string;
  readonly happenings: Happening[] = [];
  readonly #job: object;
  readonly #dataset: string;
  readonly #server: LocalNatsServer;
  readonly #bus: Bus;
  readonly #run = { job: jobId('small'), run: runId('t00112233445566aa') };
  readonly #children = new Map<string, ChildProcess>();
  readonly #waiters = new Set<Waiter>();

  private constructor(
    folder: string,
    dataset: string,
    job: object,
    server: LocalNatsServer,
    bus: Bus,
  ) {
    this.folder = folder;
    this.#dataset = dataset;
    this.#job = job;
    this.#server = server;
    this.#bus = bus;
  }

  static async open(dataset: string, job: object): Promise<CoordinatedCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'lockstep-elastic-'));
    const server = await startLocalNatsServer({
      binary: findNatsServer(),
      directory: join(folder, 'nats'),
      logFile: join(folder, 'nats.log'),
      // As `train` starts it: every role has the rights of this job and no others.
      job: 'small',
    });
    const bus = await openNatsBus({ url: server.url, name: 'test', reconnect: true });
    const cluster = new CoordinatedCluster(folder, dataset, job, server, bus);
    writeFileSync(join(folder, 'job.json'), JSON.stringify(job));
    await cluster.#follow(await bus.ensureLog(logStream(cluster.#run), logSubject(cluster.#run)));
    return cluster;
  }

  startCoordinator(name = 'coordinator'): void {
    this.#start(name, entries.coordinator, this.#server.url, [
      ...['--run', this.#run.run, '--name', name],
      ...['--job-file', join(this.folder, 'job.json')],
      ...['--job-digest', wholeJobDigest(resolveJob(this.#job))],
      ...['--dataset', this.#dataset, '--checkpoints', join(this.folder, 'checkpoints')],
    ]);
  }

  startWorker(name: string): void {
    this.#start(name, entries.worker, this.#server.workerUrl, [
      ...['--job', this.#run.job, '--run', this.#run.run, '--worker', name],
      ...['--cache', join(this.folder, 'cache')],
    ]);
  }

  signal(name: string, signal: NodeJS.Signals): void {
    this.#child(name).kill(signal);
  }

  /** How a process ended. */
  async exitOf(name: string): Promise<number | NodeJS.Signals | null> {
    const child = this.#child(name);
    if (child.exitCode === null && child.signalCode === null) {
      await new Promise((resolve) => child.once('exit', resolve));
    }
    return child.exitCode ?? child.signalCode;
  }

  restartServer(): Promise<void> {
    return this.#server.restart();
  }

  /** The first entry of this kind that is so, of all that the log has or gets. */
  until<Kind extends Happening['kind']>(
    kind: Kind,
    isSo: (happening: HappeningOf<Kind>) => boolean = () => true,
  ): Promise<HappeningOf<Kind>> {
    const isIt = (happening: Happening): boolean =>
      happening.kind === kind && isSo(happening as HappeningOf<Kind>);
    const known = this.happenings.find(isIt);
    if (known !== undefined) return Promise.resolve(known as HappeningOf<Kind>);
    return new Promise((resolve) => {
      this.#waiters.add({ isIt, resolve: (happening) => resolve(happening as HappeningOf<Kind>) });
    });
  }

  of<Kind extends Happening['kind']>(kind: Kind): HappeningOf<Kind>[] {
    return this.happenings.filter((one) => one.kind === kind) as HappeningOf<Kind>[];
  }

  logOf(name: string): string {
    return readFileSync(join(this.folder, `${name}.log`), 'utf8');
  }

  async close(): Promise<void> {
    for (const child of this.#children.values()) child.kill('SIGKILL');
    await Promise.all([...this.#children.keys()].map((name) => this.exitOf(name)));
    await this.#bus.close();
    await this.#server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #follow(log: BusLog): Promise<void> {
    await log.read(1, (data) => {
      const { entry } = decodeLogEntry(data);
      this.happenings.push(entry);
      for (const waiter of this.#waiters) {
        if (!waiter.isIt(entry)) continue;
        this.#waiters.delete(waiter);
        waiter.resolve(entry);
      }
    });
  }

  #start(name: string, entry: URL, url: string, words: readonly string[]): void {
    mkdirSync(this.folder, { recursive: true });
    const log = openSync(join(this.folder, `${name}.log`), 'a');
    const secret = 'the secret of the test, long enough';
    const env = { ...process.env, LOCKSTEP_NATS_URL: url, LOCKSTEP_SECRET: secret };
    this.#children.set(name, fork(entry, words, { stdio: ['ignore', log, log, 'ipc'], env }));
    closeSync(log);
  }

  #child(name: string): ChildProcess {
    const child = this.#children.get(name);
    if (child === undefined) throw new Error(`No process "${name}" was started`);
    return child;
  }
}
