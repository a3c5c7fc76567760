/** A run with real processes, links and a real nats-server, whose processes the test starts and kills. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BusLog } from '../../shared/bus.js';
import { decodeLogEntry, type Happening } from '../../shared/messages/cluster/log-entry.js';
import { logStream, logSubject } from '../../shared/subjects.js';
import { ProcessCluster } from './process-cluster.js';

export type HappeningOf<Kind extends Happening['kind']> = Extract<Happening, { kind: Kind }>;

interface Waiter {
  readonly isIt: (happening: Happening) => boolean;
  readonly resolve: (happening: Happening) => void;
}

/** Members of the run; more may be started. */
const members = 2;
const mostWorkers = 8;

export class CoordinatedCluster {
  readonly happenings: Happening[] = [];
  readonly #cluster: ProcessCluster;
  readonly #children = new Map<string, ChildProcess>();
  readonly #waiters = new Set<Waiter>();

  private constructor(cluster: ProcessCluster) {
    this.#cluster = cluster;
  }

  static async open(dataset: string, job: object): Promise<CoordinatedCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'lockstep-elastic-'));
    const wanted = { dataset, folder, job, workers: members, isLimited: true };
    const processes = await ProcessCluster.open(wanted);
    const cluster = new CoordinatedCluster(processes);
    const { bus, options } = processes;
    await cluster.#follow(await bus.ensureLog(logStream(options.run), logSubject(options.run)));
    return cluster;
  }

  startCoordinator(): void {
    this.#start('coordinator', members);
  }

  /** @param name `worker-0`, `worker-1`, ... */
  startWorker(name: string): void {
    this.#start(name, mostWorkers);
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
    return this.#cluster.server.restart();
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

  async close(): Promise<void> {
    await this.#cluster.close();
    rmSync(this.#cluster.folder, { recursive: true, force: true });
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

  #start(name: string, workers: number): void {
    const process = this.#cluster.processes(workers).find((one) => one.name === name);
    if (process === undefined) throw new Error(`A run has no process "${name}"`);
    this.#children.set(name, this.#cluster.start(process));
  }

  #child(name: string): ChildProcess {
    const child = this.#children.get(name);
    if (child === undefined) throw new Error(`No process "${name}" was started`);
    return child;
  }
}
