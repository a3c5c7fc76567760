/** A run as a folder, a nats-server of its own, and the real processes that somebody starts and ends. */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openNatsBus } from '../../bus/nats-bus.js';
import { type ClusterProcesses, processesOf } from '../../cli/cluster/cluster-processes.js';
import type { KeptProcess } from '../../cli/cluster/kept-processes.js';
import {
  type LocalNatsServer,
  startLocalNatsServer,
} from '../../process/nats/local-nats-server.js';
import { ownServerEnvironment } from '../../process/nats/nats-options.js';
import { findNatsServer } from '../../process/nats/project-nats-server.js';
import type { Bus } from '../../shared/bus.js';
import { jobId } from '../../shared/ids.js';
import { wholeJobDigest } from '../../shared/job-spec/job-digest.js';
import { resolveJob } from '../../shared/job-spec/job-spec.js';
import { makeRunId, runIdBytes } from '../../shared/run/run-id.js';

export interface WantedCluster {
  readonly job: object;
  readonly dataset: string;
  /** Stays when the cluster is closed. */
  readonly folder: string;
  /** Of the run, whoever is started. */
  readonly workers: number;
  /** Every role has the rights of this job and no others, as `train` starts the server. */
  readonly isLimited?: boolean;
}

/** Of the log of a process that ends early. */
const logLines = 3;

export class ProcessCluster {
  readonly folder: string;
  readonly server: LocalNatsServer;
  readonly bus: Bus;
  readonly options: ClusterProcesses;
  /** Of all workers, whenever they are started. */
  readonly #secret = randomBytes(32).toString('hex');
  readonly #children: ChildProcess[] = [];

  private constructor(
    folder: string,
    server: LocalNatsServer,
    bus: Bus,
    options: ClusterProcesses,
  ) {
    this.folder = folder;
    this.server = server;
    this.bus = bus;
    this.options = options;
  }

  static async open(wanted: WantedCluster): Promise<ProcessCluster> {
    const { dataset, folder, isLimited = false, workers } = wanted;
    const output = join(folder, 'run');
    mkdirSync(join(output, 'logs'), { recursive: true });
    const jobFile = join(folder, 'job.json');
    writeFileSync(jobFile, JSON.stringify(wanted.job));
    const job = resolveJob(wanted.job);
    const { name } = job.metadata;
    const server = await startLocalNatsServer({
      binary: findNatsServer(),
      directory: join(folder, 'nats'),
      logFile: join(output, 'logs', 'nats-server.log'),
      ...(isLimited && { job: name }),
    });
    const bus = await openNatsBus({ url: server.url, name: 'onlooker', reconnect: true });
    return new ProcessCluster(folder, server, bus, {
      run: { job: jobId(name), run: makeRunId('training', randomBytes(runIdBytes)) },
      ...{ jobFile, output, workers },
      jobDigest: wholeJobDigest(job),
      claim: null,
      datasetDirectory: dataset,
      checkpoints: join(output, 'checkpoints'),
      metricsPort: null,
      resume: null,
      evaluateOnly: false,
    });
  }

  /** As `lockstep train` would start them for so many workers: the coordinator first. */
  processes(workers: number): readonly KeptProcess[] {
    const nats = {
      coordinator: ownServerEnvironment(this.server.url),
      worker: ownServerEnvironment(this.server.workerUrl),
    };
    return processesOf({ ...this.options, workers }, nats).map((process) => ({
      ...process,
      environment: { ...process.environment, LOCKSTEP_SECRET: this.#secret },
    }));
  }

  /**
   * Killed with the cluster where it has not ended before.
   *
   * @param onEnd called where it ends although nobody has sent it a signal
   */
  start(
    process: KeptProcess,
    nodeOptions: readonly string[] = [],
    onEnd: (error: Error) => void = () => undefined,
  ): ChildProcess {
    const child = startProcess(process, nodeOptions);
    this.#children.push(child);
    child.once('exit', (code, signal) => {
      if (child.killed) return;
      const how = signal ?? `exit code ${code}`;
      const lines = readFileSync(process.logFile, 'utf8').trim().split('\n');
      onEnd(new Error(`${process.name} ended: ${how}: ${lines.slice(-logLines).join('\n')}`));
    });
    return child;
  }

  async close(): Promise<void> {
    await Promise.all(this.#children.map(end));
    await this.bus.close();
    await this.server.stop();
  }
}

/** Its log is the run's; where all is well nobody reads it. */
function startProcess(kept: KeptProcess, nodeOptions: readonly string[]): ChildProcess {
  const log = openSync(kept.logFile, 'a');
  const child = fork(kept.entry, kept.arguments, {
    execArgv: [...nodeOptions],
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...process.env, ...kept.environment },
  });
  closeSync(log);
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
