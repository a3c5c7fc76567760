/**
 * The processes of one simulated run, and what they stand on: a server, a network, disks. Whoever
 * starts a process here supervises it too, as `lockstep train` and Kubernetes do.
 */
import { jobId, runId } from '../../shared/ids.js';
import { encodeControl } from '../../shared/messages/cluster/control.js';
import { Random } from '../../shared/random.js';
import { controlSubject } from '../../shared/subjects.js';
import { SimServer } from '../bus/sim-server.js';
import { SimDisk } from '../engine/sim-disk.js';
import type { TinyTraining } from '../engine/tiny-training.js';
import type { SimLinks } from '../links/sim-links.js';
import { SimNetwork } from '../links/sim-network.js';
import type { Setup } from '../schedule/setup.js';
import type { Drain } from '../time/drain.js';
import { Scheduler } from '../time/scheduler.js';
import { SimProcess } from '../time/sim-process.js';
import { Findings } from './findings.js';
import { Operator } from './operator.js';

export const simulatedRun = { job: jobId('simulated'), run: runId('t0123456789abcdef') };

/** One process that lives. */
export interface Running {
  readonly name: string;
  readonly process: SimProcess;
  readonly links: SimLinks | null;
  /** Null where it has none, or not yet. */
  readonly training: TinyTraining | null;
  /** Asked to end in order. */
  readonly drain: () => void;
  /** Where it stands, for whoever reads a trace. */
  readonly standing: () => string;
}

/** How a process of a kind is made. */
export type StartProcess = (cluster: Cluster, process: SimProcess, name: string) => Running;

export interface ClusterParts {
  readonly setup: Setup;
  readonly drain: Drain;
  readonly startWorker: StartProcess;
  readonly startCoordinator: StartProcess;
  /** Null: nobody reads along. */
  readonly trace: ((line: string) => void) | null;
}

export class Cluster {
  readonly setup: Setup;
  readonly scheduler: Scheduler;
  readonly server: SimServer;
  readonly network: SimNetwork;
  readonly findings: Findings;
  readonly operator: Operator;
  readonly random: Random;
  readonly #parts: ClusterParts;
  readonly #running = new Map<string, Running>();
  readonly #disks = new Map<string, SimDisk>();
  readonly #pids = new Map<SimProcess, number>();
  #processes = 0;
  #isOver = false;
  #isHealed = false;
  #isStopWanted = false;
  readonly #askedToEnd = new Set<Running>();

  constructor(parts: ClusterParts) {
    const { setup, drain } = parts;
    const { seed } = setup;
    this.#parts = parts;
    this.setup = setup;
    this.random = Random.for(seed, 'cluster');
    this.scheduler = new Scheduler(Random.for(seed, 'order'), drain);
    this.server = new SimServer(this.scheduler, Random.for(seed, 'bus'), {
      latencyMin: 0.1,
      latencyMax: 1 + this.random.below(8),
      storeMax: 1 + this.random.below(10),
      reconnectMax: 300,
    });
    this.network = new SimNetwork(this.scheduler, Random.for(seed, 'network'));
    this.findings = new Findings(
      setup,
      () => this.scheduler.now,
      (text) => this.trace(text),
    );
    this.operator = new Operator({
      run: simulatedRun,
      scheduler: this.scheduler,
      server: this.server,
      findings: this.findings,
      isOver: () => this.#isOver,
      askedToEnd: (worker) => {
        const running = this.running(worker);
        if (running !== null) this.#askedToEnd.add(running);
      },
    });
  }

  running = (name: string): Running | null => this.#running.get(name) ?? null;

  get alive(): Running[] {
    return [...this.#running.values()];
  }

  /** The log says that it is over: nobody is started again. */
  get isOver(): boolean {
    return this.#isOver;
  }

  diskOf(worker: string): SimDisk {
    const name = this.setup.sharedFolder ? 'shared' : worker;
    const known = this.#disks.get(name) ?? new SimDisk(`/${name}`);
    this.#disks.set(name, known);
    return known;
  }

  trace(text: string): void {
    this.#parts.trace?.(`${this.scheduler.now.toFixed(1).padStart(9)}  ${text}`);
  }

  get isTraced(): boolean {
    return this.#parts.trace !== null;
  }

  start(name: string): void {
    if (this.#isOver || this.#running.has(name)) return;
    const { random } = this;
    const process = new SimProcess(name, this.scheduler, {
      offset: random.below(1_000_000),
      rate: 0.995 + 0.01 * random.uniform(),
    });
    this.#processes++;
    this.trace(`${name} starts`);
    const isWorker = name.startsWith('worker');
    if (isWorker && this.setup.losesFolders && !this.setup.sharedFolder) this.#disks.delete(name);
    const { startWorker, startCoordinator } = this.#parts;
    const running = (isWorker ? startWorker : startCoordinator)(this, process, name);
    this.#running.set(name, running);
  }

  /** Its number among all that were ever started. */
  pidOf(process: SimProcess): number {
    const known = this.#pids.get(process) ?? this.#processes;
    this.#pids.set(process, known);
    return known;
  }

  isAlive(pid: number): boolean {
    return this.alive.some(({ process }) => this.#pids.get(process) === pid);
  }

  /** Random, of one process; deterministic. */
  incarnation(): string {
    return this.#processes.toString(16).padStart(16, '0');
  }

  kill(running: Running, why: string): void {
    const { name, process, links } = running;
    if (this.#running.get(name) !== running) return;
    this.trace(`${name} is gone: ${why}`);
    this.#running.delete(name);
    process.kill();
    this.findings.gone(process);
    this.server.dropOf(process);
    if (links !== null) this.network.closeAll(links, 'its process is gone');
  }

  drain(running: Running): void {
    this.#askedToEnd.add(running);
    running.drain();
  }

  /**
   * It ended by itself; where it should not have, its supervisor starts another. Whoever was asked to end
   * is missing until all faults are over, and replaced at once where it takes longer to leave than they last.
   */
  ended(running: Running, reason: string, isWell: boolean): void {
    const { name } = running;
    this.kill(running, reason);
    const wasAsked = this.#askedToEnd.has(running);
    if (isWell && !wasAsked && !this.#isOver) {
      this.findings.add(`${name} ends before the run, and nobody has asked it to: ${reason}`);
    }
    if (isWell && !this.#isHealed) return;
    if (!isWell) this.findings.restarted(name, reason);
    this.scheduler.after(300 + this.random.below(700), () => this.start(name));
  }

  over = (): void => {
    this.#isOver = true;
  };

  /** Everyone that is missing is there again. */
  heal(): void {
    const { coordinators, workers } = this.setup;
    this.#isHealed = true;
    this.trace('all faults are over; whoever is missing is started');
    for (const name of [...coordinators.slice(0, 1), ...workers]) this.start(name);
  }

  /** As `lockstep stop` does: said again until the leader has heard. */
  askToStop(): void {
    if (this.#isStopWanted) return;
    this.#isStopWanted = true;
    this.findings.stopWanted();
    const bus = this.server.open(new SimProcess('command', this.scheduler, { offset: 0, rate: 1 }));
    const ask = (): void => {
      if (this.#isOver || this.findings.isStopping) return;
      const data = encodeControl({ kind: 'stop', by: 'a command' });
      bus.publish(controlSubject(simulatedRun), data);
      this.scheduler.after(500, ask);
    };
    ask();
  }
}
