/**
 * Runs a job's processes on this machine (nats-server, coordinators, workers), keeps them running, and
 * watches the run through its log, as anyone could from anywhere. However it ends, all of them are gone
 * when the promise settles.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openNatsBus } from '../../bus/nats-bus.js';
import { ownServerEnvironment, readNatsOptions } from '../../process/nats/nats-options.js';
import { temporaryPart } from '../../process/ownership/temporary-name.js';
import type { Bus } from '../../shared/bus.js';
import { systemClock } from '../../shared/clock.js';
import { codeOf } from '../../shared/exit-codes.js';
import type { LogEntry } from '../../shared/messages/cluster/log-entry.js';
import type { RunEvent } from '../../shared/messages/run-events.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { logStream, logSubject } from '../../shared/subjects.js';
import { explainFailure, type Symptom } from '../train/ending/failure.js';
import { fullDisk } from '../train/ending/full-disk.js';
import type { Child } from './child.js';
import { type ClusterProcesses, type NatsEnvironments, processesOf } from './cluster-processes.js';
import { type FollowedRun, followRun, type LogEnd } from './follow-run.js';
import { KeptNatsServer } from './kept-nats-server.js';
import { KeptProcesses } from './kept-processes.js';
import type { ClusterEnd } from './run-end.js';

export interface ClusterOptions extends ClusterProcesses {
  readonly run: RunAddress;
  /** Where the run writes its logs, its nats-server's files and copies of a dataset. */
  readonly output: string;
  /** A server that exists; null starts one of our own. */
  readonly natsUrl: string | null;
  /** Resolves where the run must end because of something outside its processes. */
  readonly trouble?: Promise<Error & { readonly code: string }>;
  /** Tells what has happened before, too: the run is live already. */
  readonly fromBeginning?: boolean;
  /** It has ended, and is gone on with. */
  readonly beyondEnd?: boolean;
  /** @param time ISO 8601 */
  readonly onEvent: (event: RunEvent, time: string) => void;
  readonly onEntry?: (entry: LogEntry) => void;
  readonly onProcess: (process: ProcessNote) => void;
}

export interface ProcessNote {
  readonly name: string;
  readonly pid: number;
  readonly metricsPort: number | null;
  readonly dashboardPort: number | null;
}

const noPorts = { metricsPort: null, dashboardPort: null } as const;

export interface RunningJob {
  readonly end: Promise<ClusterEnd>;
  /** Finish the step, write a checkpoint, end. */
  stop(): void;
  stopAtOnce(): void;
  /** Ends the processes here, and lets the run go on elsewhere. */
  leave(): void;
  /** Processes that live now, the one that the others talk through last. */
  pids(): readonly number[];
  processes(): readonly { readonly name: string; readonly pid: number }[];
}

export function runCluster(options: ClusterOptions): RunningJob {
  const cluster = new Cluster(options);
  return {
    end: cluster.run(),
    stop: () => cluster.stop(),
    stopAtOnce: () => cluster.stopAtOnce(),
    leave: () => cluster.leave(),
    pids: () => cluster.processes().map(({ pid }) => pid),
    processes: () => cluster.processes(),
  };
}

type Outcome = LogEnd | { readonly kind: 'trouble' | 'interrupted' | 'left' };

class Cluster {
  readonly #options: ClusterOptions;
  readonly #logs: string;
  readonly #processes: KeptProcesses;
  readonly #symptoms: Symptom[] = [];
  readonly #outcome: Promise<Outcome>;
  #settle: (outcome: Outcome) => void = () => undefined;
  #server: KeptNatsServer | null = null;
  #bus: Bus | null = null;
  #followed: FollowedRun | null = null;
  #committedSteps = 0;
  #stopping = false;
  #isLeaving = false;
  #isEnding = false;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#logs = join(options.output, 'logs');
    this.#outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#processes = new KeptProcesses({
      now: () => systemClock.now(),
      onStart: (child) => this.#greet(child),
      onEvent: (child, event) => this.#hear(child, event),
      onRestart: (text) => this.#notice(text),
      onLoss: (name, symptom, text) => this.#lose(name, symptom, text),
    });
  }

  async run(): Promise<ClusterEnd> {
    mkdirSync(this.#logs, { recursive: true });
    void this.#options.trouble?.then((error) => this.#giveUp(error));
    try {
      await this.#start();
      const outcome = await this.#outcome;
      if (outcome.kind === 'trouble') await this.#collectSymptoms();
      await this.#endProcesses(outcome);
      return this.#endOf(outcome);
    } finally {
      this.#isEnding = true;
      this.#processes.expectEnds();
      this.#followed?.close();
      this.#processes.kill();
      await this.#processes.end();
      await this.#bus?.close();
      await this.#server?.stop();
    }
  }

  stop(): void {
    this.#stopping = true;
    this.#askToStop();
  }

  stopAtOnce(): void {
    this.#settle({ kind: 'interrupted' });
  }

  /** A leader stays for workers that end together with it; asked a second time, nobody is waited for. */
  leave(): void {
    if (this.#isLeaving) this.#settle({ kind: 'left' });
    this.#isLeaving = true;
    this.#processes.expectEnds();
    for (const child of this.#processes.living()) child.send({ kind: 'leave' });
    void this.#processes.ended().then(() => this.#settle({ kind: 'left' }));
  }

  processes(): { name: string; pid: number }[] {
    // Workers before the coordinator, both before their server.
    const children = this.#processes.living().toReversed();
    const server = this.#server?.process ?? null;
    return [...children, ...(server === null ? [] : [server])];
  }

  async #start(): Promise<void> {
    const { beyondEnd = false, fromBeginning = false, natsUrl, run, onEntry } = this.#options;
    const server = natsUrl === null ? await this.#startServer() : sharedServer(natsUrl);
    const { address, replicas, patience } = readNatsOptions({
      ...process.env,
      ...server.coordinator,
    });
    const bus = await openNatsBus({
      ...{ url: address, replicas, name: 'command', reconnect: true, patience },
      onWait: (reason) => void process.stderr.write(`waiting: ${reason}\n`),
    });
    this.#bus = bus;
    void bus.closed.then((lost) => lost !== null && this.#giveUp(lost));
    const log = await bus.ensureLog(logStream(run), logSubject(run));
    const followed = await followRun({
      bus,
      log,
      run,
      beyondEnd,
      from: fromBeginning ? 1 : (await log.last()) + 1,
      onEvent: (event, time) => this.#see(event, time),
      time: wallClock,
      ...(onEntry && { onEntry }),
    });
    this.#followed = followed;
    followed.end.then(
      (end) => this.#settle(end),
      (error: unknown) => this.#giveUp(error as Error),
    );
    for (const process of processesOf(this.#options, server)) this.#processes.start(process);
  }

  async #startServer(): Promise<NatsEnvironments> {
    const { output } = this.#options;
    const server = await KeptNatsServer.start({
      directory: join(output, `.nats-${temporaryPart()}`),
      logFile: join(this.#logs, 'nats-server.log'),
      job: this.#options.run.job,
      onStart: (pid) => this.#options.onProcess({ name: 'nats-server', pid, ...noPorts }),
      onRestart: (text) => this.#notice(text),
      onLoss: (symptom) => this.#lose('nats-server', symptom, null),
    });
    this.#server = server;
    const { coordinator, worker } = server.urls;
    return {
      coordinator: ownServerEnvironment(coordinator),
      worker: ownServerEnvironment(worker),
    };
  }

  #giveUp(error: Error): void {
    if (this.#isEnding) return;
    const { message } = error;
    const committedSteps = this.#committedSteps;
    const event = {
      kind: 'failed',
      code: codeOf(error),
      message,
      worker: null,
      committedSteps,
    } as const;
    // Before what follows from it.
    this.#symptoms.unshift({ kind: 'failed', event });
    this.#settle({ kind: 'trouble' });
  }

  #notice(text: string): void {
    if (!this.#isEnding) this.#see({ kind: 'notice', text }, wallClock());
  }

  #greet(child: Child): void {
    if (this.#stopping && child.name.startsWith('coordinator')) child.send({ kind: 'stop' });
  }

  /** What a process tells its parent alone: what it is, and what kept it from being more. */
  #hear(child: Child, event: RunEvent): void {
    switch (event.kind) {
      case 'listening':
        this.#options.onProcess({
          name: child.name,
          pid: child.pid,
          metricsPort: event.metricsPort,
          dashboardPort: event.dashboardPort ?? null,
        });
        return;
      case 'notice':
        // All workers look at the same folder and say the same.
        if (child.name.startsWith('worker-') && child.name !== 'worker-0') return;
        this.#notice(event.text);
        return;
      case 'failed':
        this.#symptoms.push({ kind: 'failed', event });
        return;
      default:
        return;
    }
  }

  /** What everyone can read of the run. */
  #see(event: RunEvent, time: string): void {
    if (event.kind === 'started') this.#committedSteps = event.firstStep;
    if (event.kind === 'committed') this.#committedSteps = event.report.step + 1;
    if (event.kind === 'finished' || event.kind === 'failed') return;
    this.#options.onEvent(event, time);
  }

  /** A process that stays away ends the run where nobody is left to do its work. */
  #lose(name: string, symptom: Symptom, text: string | null): void {
    this.#symptoms.push(symptom);
    const role = name.split('-')[0] as string;
    const isNeeded = !this.#processes.living().some((child) => child.name.startsWith(role));
    if (isNeeded) this.#settle({ kind: 'trouble' });
    else if (text !== null) this.#notice(text);
  }

  #askToStop(): void {
    for (const child of this.#processes.living()) {
      if (child.name.startsWith('coordinator')) child.send({ kind: 'stop' });
    }
  }

  /** The first symptom is seldom the cause: waits for the others that come at the same time. */
  async #collectSymptoms(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, symptomsMs));
    this.#isEnding = true;
    const full = this.#server === null ? null : await fullDisk(this.#server.directory);
    // The server keeps a share of the disk free, and refuses before it is really full.
    const said = full?.message ?? (await this.#server?.fullDisk()) ?? null;
    if (said === null) return;
    const committedSteps = this.#committedSteps;
    const event = {
      kind: 'failed',
      code: 'DISK_FULL',
      message: said,
      worker: null,
      committedSteps,
    } as const;
    this.#symptoms.unshift({ kind: 'failed', event });
  }

  async #endProcesses(outcome: Outcome): Promise<void> {
    this.#isEnding = true;
    this.#processes.expectEnds();
    if (outcome.kind === 'trouble') {
      this.#processes.abort(explainFailure(this.#symptoms, this.#committedSteps).message);
    }
    if (outcome.kind === 'interrupted') this.#processes.kill();
    await this.#processes.end();
  }

  #endOf(outcome: Outcome): ClusterEnd {
    const committedSteps = this.#committedSteps;
    if (outcome.kind === 'left') return { kind: 'left' };
    if (outcome.kind === 'interrupted') return { kind: 'interrupted', committedSteps };
    if (outcome.kind === 'finished') return outcome;
    const symptoms: Symptom[] =
      outcome.kind === 'failed' ? [{ kind: 'failed', event: outcome }] : this.#symptoms;
    const cause = explainFailure(symptoms, committedSteps);
    const logFile = cause.process === null ? null : join(this.#logs, `${cause.process}.log`);
    return { kind: 'failed', cause, committedSteps, logFile };
  }
}

function sharedServer(url: string): NatsEnvironments {
  const environment = { LOCKSTEP_NATS_URL: url };
  return { coordinator: environment, worker: environment };
}

const wallClock = (): string => new Date().toISOString();

/** Exits and errors of one accident reach us within this time. */
const symptomsMs = 500;
