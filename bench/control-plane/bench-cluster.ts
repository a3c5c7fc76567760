/** What each part stands on: a folder, a nats-server, a run, and the processes that it would have. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeptProcess } from '../../cli/cluster/kept-processes.js';
import { ProcessCluster, type WantedCluster } from '../../e2e/elastic/process-cluster.js';
import { RunObserver } from './run-observer.js';

export interface BenchCluster extends Pick<ProcessCluster, 'bus' | 'options' | 'server'> {
  readonly observer: RunObserver;
  /** As `lockstep train` would start them for so many workers: the coordinator first. */
  processes(workers: number): readonly KeptProcess[];
  /** Killed with the cluster where it has not ended before; where it ends early the measurement does. */
  start(process: KeptProcess, nodeOptions?: readonly string[]): ChildProcess;
}

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
  const cluster = await ProcessCluster.open(wanted);
  try {
    const { bus, options, server } = cluster;
    const observer = await RunObserver.open(bus, options.run);
    return await work({
      ...{ bus, observer, options, server },
      processes: (workers) => cluster.processes(workers),
      start: (process, nodeOptions) =>
        cluster.start(process, nodeOptions, (error) => observer.fail(error)),
    });
  } finally {
    await cluster.close();
  }
}
