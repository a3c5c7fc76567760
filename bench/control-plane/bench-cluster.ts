/** What each part stands on: a folder, a nats-server, a run, and the processes that it would have. */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
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
import { RunObserver } from './run-observer.js';

export interface BenchCluster {
  readonly folder: string;
  readonly server: LocalNatsServer;
  readonly bus: Bus;
  readonly options: ClusterProcesses;
  readonly observer: RunObserver;
  /** As `lockstep train` would start them for so many workers: the coordinator first. */
  processes(workers: number): readonly KeptProcess[];
  /** Killed with the cluster where it has not ended before. */
  start(process: KeptProcess, nodeOptions?: readonly string[]): ChildProcess;
}

export interface WantedCluster {
  readonly job: object;
  readonly dataset: string;
  readonly folder: string;
  readonly workers: number;
}

/** Of the log of a process that ends early. */
const logLines = 3;

/** Runs the work in a folder that goes away with it. */
export async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function withCluster<Result>(
  wanted: WantedCluster,
  work: (cluster: BenchCluster) => Promise<Result>,
): Promise<Result> {
  const { dataset, folder, workers } = wanted;
  const output = join(folder, 'run');
  mkdirSync(join(output, 'logs'), { recursive: true });
  const server = await startLocalNatsServer({
    binary: findNatsServer(),
    directory: join(folder, 'nats'),
    logFile: join(output, 'logs', 'nats-server.log'),
  });
  const bus = await openNatsBus({ url: server.url, name: 'bench', reconnect: true });
  const children: ChildProcess[] = [];
  try {
    const jobFile = join(folder, 'job.json');
    writeFileSync(jobFile, JSON.stringify(wanted.job));
    const job = resolveJob(wanted.job);
    const run = {
      job: jobId(job.metadata.name),
      run: makeRunId('training', randomBytes(runIdBytes)),
    };
    const options: ClusterProcesses = {
      ...{ run, jobFile, output, workers },
      jobDigest: wholeJobDigest(job),
      claim: null,
      datasetDirectory: dataset,
      checkpoints: join(output, 'checkpoints'),
      metricsPort: null,
      resume: null,
      evaluateOnly: false,
    };
    const observer = await RunObserver.open(bus, run);
    const nats = {
      coordinator: ownServerEnvironment(server.url),
      worker: ownServerEnvironment(server.workerUrl),
    };
    return await work({
      ...{ folder, server, bus, options, observer },
      processes: (count) => processesOf({ ...options, workers: count }, nats),
      start: (process, nodeOptions = []) => {
        const child = startProcess(process, nodeOptions);
        children.push(child);
        child.once('exit', (code, signal) => {
          if (child.killed) return;
          const how = signal ?? `exit code ${code}`;
          const lines = readFileSync(process.logFile, 'utf8').trim().split('\n');
          observer.fail(
            new Error(`${process.name} ended: ${how}: ${lines.slice(-logLines).join('\n')}`),
          );
        });
        return child;
      },
    });
  } finally {
    await Promise.all(children.map(end));
    await bus.close();
    await server.stop();
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
