/**
 * Runs a job on this machine: nats-server, coordinator, workers, each a process of its own. However
 * it ends, all of them are gone when the promise settles.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type LocalNatsServer,
  startLocalNatsServer,
} from '../../process/nats/local-nats-server.js';
import { ownServerEnvironment } from '../../process/nats/nats-options.js';
import { findNatsServer } from '../../process/nats/project-nats-server.js';
import { temporaryPart } from '../../process/ownership/temporary-name.js';
import type { ExitCode } from '../../shared/exit-codes.js';
import { goodbyeTimeout } from '../../shared/limits.js';
import type { RunEvent, RunResult } from '../../shared/messages/run-events.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { type Child, startChild } from './child.js';
import { type Cause, explainFailure, type Symptom } from './ending/failure.js';
import { fullDisk } from './ending/full-disk.js';
import { MemoryWatch } from './memory-watch.js';

export interface RunJobOptions {
  /** The resolved job as a file. */
  readonly jobFile: string;
  readonly run: RunAddress;
  /** `wholeJobDigest` of the job: every process checks that it reads the same. */
  readonly jobDigest: string;
  /** Of the claim on the job's name that the coordinator takes over; null lets it make its own. */
  readonly claim: string | null;
  readonly datasetDirectory: string;
  /** Where the run writes its logs, its nats-server's files and copies of a dataset. */
  readonly output: string;
  readonly checkpoints: string;
  readonly workers: number;
  /** A server that exists; null starts one of our own. */
  readonly natsUrl: string | null;
  /** The coordinator's; worker r takes `port + 1 + r`. Null takes free ones. */
  readonly metricsPort: number | null;
  /** `newest`, a checkpoint folder, or null to start from the seed. */
  readonly resume: string | null;
  readonly evaluateOnly: boolean;
  /** Resolves where the run must end because of something outside its processes. */
  readonly trouble?: Promise<Error & { readonly code: string }>;
  readonly onEvent: (event: RunEvent) => void;
  /** `worker-0 serves its metrics on port 40123` and the like. */
  readonly onProcess: (process: ProcessNote) => void;
  readonly entries?: RunEntries;
}

export interface ProcessNote {
  readonly name: string;
  readonly pid: number;
  readonly metricsPort: number | null;
}

/** Compiled entries of the processes; tests put others in. */
export interface RunEntries {
  readonly coordinator: URL;
  readonly worker: URL;
}

export type RunEnd =
  | { readonly kind: 'finished'; readonly result: RunResult }
  | {
      readonly kind: 'failed';
      readonly cause: Cause;
      readonly committedSteps: number;
      /** Of the process that failed; null where none is known. */
      readonly logFile: string | null;
    }
  /** `stopAtOnce` was called. */
  | { readonly kind: 'interrupted'; readonly committedSteps: number };

export interface RunningJob {
  readonly end: Promise<RunEnd>;
  /** Finish the step, write a checkpoint, end. */
  stop(): void;
  stopAtOnce(): void;
  /** Processes that live now, the one that the others talk through last. */
  pids(): readonly number[];
}

const realEntries: RunEntries = {
  coordinator: new URL('../../coordinator/main.js', import.meta.url),
  worker: new URL('../../worker/main.js', import.meta.url),
};

/** The server's address as each role is to use it. */
interface NatsUrls {
  readonly coordinator: string;
  readonly worker: string;
}

export function runJob(options: RunJobOptions): RunningJob {
  const run = new Run(options);
  return {
    end: run.run(),
    stop: () => run.stop(),
    stopAtOnce: () => run.stopAtOnce(),
    pids: () => run.pids(),
  };
}

class Run {
  readonly #options: RunJobOptions;
  readonly #logs: string;
  readonly #temporary: string;
  readonly #children: Child[] = [];
  readonly #gone = new Set<string>();
  /** What processes said about their ends. */
  readonly #leaving = new Map<string, ExitCode>();
  readonly #symptoms: Symptom[] = [];
  readonly #over: Promise<'finished' | 'trouble' | 'interrupted'>;
  #settle: (how: 'finished' | 'trouble' | 'interrupted') => void = () => undefined;
  readonly #memory = new MemoryWatch(() => this.#living().map(({ pid }) => pid));
  #server: LocalNatsServer | null = null;
  #result: RunResult | null = null;
  #committedSteps = 0;
  #stopping = false;
  #ending = false;
  #aborting = false;

  constructor(options: RunJobOptions) {
    this.#options = options;
    this.#logs = join(options.output, 'logs');
    this.#temporary = join(options.output, `.nats-${temporaryPart()}`);
    this.#over = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  async run(): Promise<RunEnd> {
    mkdirSync(this.#logs, { recursive: true });
    void this.#options.trouble?.then((error) => this.#giveUp(error));
    try {
      const urls = await this.#findServer();
      if (!this.#ending) this.#startProcesses(urls);
      const how = await this.#over;
      if (how === 'trouble') await this.#collectSymptoms();
      await this.#endProcesses(how);
      return this.#end(how);
    } finally {
      this.#ending = true;
      this.#memory.end();
      for (const child of this.#living()) child.kill();
      await this.#server?.stop();
      rmSync(this.#temporary, { recursive: true, force: true });
    }
  }

  stop(): void {
    this.#stopping = true;
    this.#coordinator?.send({ kind: 'stop' });
  }

  stopAtOnce(): void {
    this.#ending = true;
    this.#settle('interrupted');
  }

  pids(): readonly number[] {
    const children = this.#living().map(({ pid }) => pid);
    const server = this.#gone.has('nats-server') ? null : this.#server;
    // Workers before the coordinator, both before their server.
    return [...children.toReversed(), ...(server === null ? [] : [server.pid])];
  }

  #giveUp({ code, message }: { readonly code: string; readonly message: string }): void {
    const committedSteps = this.#committedSteps;
    const event = { kind: 'failed', code, message, worker: null, committedSteps } as const;
    // Before what follows from it.
    this.#symptoms.unshift({ kind: 'failed', event });
    this.#settle('trouble');
  }

  get #coordinator(): Child | undefined {
    return this.#children.find(({ name }) => name === 'coordinator');
  }

  #living(): Child[] {
    return this.#children.filter(({ name }) => !this.#gone.has(name));
  }

  async #findServer(): Promise<NatsUrls> {
    const { natsUrl } = this.#options;
    if (natsUrl !== null) return { coordinator: natsUrl, worker: natsUrl };
    const { url, workerUrl } = await this.#startServer();
    return { coordinator: url, worker: workerUrl };
  }

  async #startServer(): Promise<LocalNatsServer> {
    const server = await startLocalNatsServer({
      binary: findNatsServer(),
      directory: this.#temporary,
      logFile: join(this.#logs, 'nats-server.log'),
      job: this.#options.run.job,
    });
    this.#server = server;
    void server.exited.then(({ code, signal }) =>
      this.#sawExit('nats-server', server.pid, code, signal),
    );
    this.#options.onProcess({ name: 'nats-server', pid: server.pid, metricsPort: null });
    return server;
  }

  #startProcesses(urls: NatsUrls): void {
    const {
      claim,
      datasetDirectory,
      entries = realEntries,
      jobFile,
      jobDigest,
      workers,
    } = this.#options;
    const { checkpoints, evaluateOnly, metricsPort, output, resume, run } = this.#options;
    const port = (index: number): string => String(metricsPort === null ? 0 : metricsPort + index);
    const environment = (url: string): Record<string, string> =>
      this.#options.natsUrl === null ? ownServerEnvironment(url) : { LOCKSTEP_NATS_URL: url };
    const identity = ['--run', run.run, '--job-file', jobFile, '--job-digest', jobDigest];
    this.#start('coordinator', entries.coordinator, environment(urls.coordinator), [
      ...identity,
      '--dataset',
      datasetDirectory,
      '--workers',
      String(workers),
      '--checkpoints',
      checkpoints,
      '--metrics-port',
      port(0),
      ...(claim === null ? [] : ['--claim', claim]),
      ...(evaluateOnly ? ['--evaluate-only'] : []),
      ...(resume === null ? [] : ['--checkpoint-required']),
    ]);
    for (let index = 0; index < workers; index++) {
      const name = `worker-${index}`;
      this.#start(name, entries.worker, environment(urls.worker), [
        ...identity,
        '--job',
        run.job,
        '--worker',
        name,
        '--checkpoints',
        checkpoints,
        '--cache',
        join(output, 'cache'),
        '--metrics-port',
        port(1 + index),
        ...(resume === null ? [] : ['--resume', resume]),
      ]);
    }
    if (this.#stopping) this.stop();
  }

  #start(
    name: string,
    entry: URL,
    environment: Record<string, string>,
    words: readonly string[],
  ): void {
    const child = startChild({
      name,
      entry,
      environment,
      arguments: words,
      logFile: join(this.#logs, `${name}.log`),
      onEvent: (event) => this.#hear(child, event),
    });
    this.#children.push(child);
    void child.exited.then(({ code, signal }) => this.#sawExit(name, child.pid, code, signal));
  }

  #hear(child: Child, event: RunEvent): void {
    switch (event.kind) {
      case 'listening':
        this.#options.onProcess({
          name: child.name,
          pid: child.pid,
          metricsPort: event.metricsPort,
        });
        return;
      case 'notice':
        // All workers look at the same folder and say the same.
        if (child.name.startsWith('worker-') && child.name !== 'worker-0') return;
        break;
      case 'leaving':
        this.#leaving.set(child.name, event.code);
        return;
      case 'started':
        this.#committedSteps = event.firstStep;
        break;
      case 'committed':
        this.#committedSteps = event.report.step + 1;
        break;
      case 'failed':
        // What we ourselves caused is no symptom.
        if (this.#aborting && event.code === 'ABORTED') return;
        this.#symptoms.push({ kind: 'failed', event });
        this.#settle('trouble');
        return;
      case 'finished':
        this.#result = event.result;
        this.#settle('finished');
        break;
      default:
        break;
    }
    this.#options.onEvent(event);
  }

  #sawExit(name: string, pid: number, code: number | null, signal: string | null): void {
    this.#gone.add(name);
    if (this.#result !== null || this.#ending) return;
    const said = this.#leaving.get(name);
    const outOfMemory = signal === 'SIGKILL' ? this.#memory.outOfMemory(pid) : null;
    this.#symptoms.push(
      said === undefined
        ? { kind: 'exit', name, pid, code, signal, outOfMemory }
        : { kind: 'exit', name, pid, code: said, signal: null, outOfMemory: null },
    );
    this.#settle('trouble');
  }

  /** The first symptom is seldom the cause: waits for the others that come at the same time. */
  async #collectSymptoms(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, symptomsMs));
    this.#ending = true;
    const full = this.#server === null ? null : await fullDisk(this.#temporary);
    if (full !== null) this.#giveUp(full);
    // The server keeps a share of the disk free, and refuses before it is really full.
    const said = full === null ? ((await this.#server?.fullDisk()) ?? null) : null;
    if (said !== null) this.#giveUp({ code: 'DISK_FULL', message: said });
  }

  async #endProcesses(how: 'finished' | 'trouble' | 'interrupted'): Promise<void> {
    this.#ending = true;
    if (how === 'trouble') {
      this.#aborting = true;
      const reason = explainFailure(this.#symptoms, this.#committedSteps).message;
      for (const child of this.#living()) child.send({ kind: 'abort', reason });
    }
    if (how === 'interrupted') for (const child of this.#living()) child.kill();
    const killer = setTimeout(() => {
      for (const child of this.#living()) child.kill();
    }, goodbyeTimeout);
    await Promise.all(this.#children.map(({ exited }) => exited));
    clearTimeout(killer);
  }

  #end(how: 'finished' | 'trouble' | 'interrupted'): RunEnd {
    const committedSteps = this.#committedSteps;
    if (how === 'interrupted') return { kind: 'interrupted', committedSteps };
    if (how === 'finished' && this.#result !== null) {
      return { kind: 'finished', result: this.#result };
    }
    const cause = explainFailure(this.#symptoms, committedSteps);
    const logFile = cause.process === null ? null : join(this.#logs, `${cause.process}.log`);
    return { kind: 'failed', cause, committedSteps, logFile };
  }
}

/** Exits and errors of one accident reach us within this time. */
const symptomsMs = 500;
