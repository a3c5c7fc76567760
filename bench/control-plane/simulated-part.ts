/** Many workers in one process, whose training costs nothing: what is left is the control plane. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Recovered } from '../../shared/messages/run-events.js';
import { inFolder, withCluster } from './bench-cluster.js';
import { type Load, measureLoad } from './load.js';
import { writeJob } from './plan-job.js';
import type { Join } from './run-observer.js';
import { metricsPortOf, type Scrapes, scrape } from './scrapes.js';
import type { ToWorkers } from './simulated-workers.js';

export interface SimulatedOptions {
  readonly workers: number;
  readonly seconds: number;
  readonly stepMillis: number;
  /** A folder for a profile of the coordinator's CPU; null: none. */
  readonly profile: string | null;
}

export interface SimulatedResult {
  readonly workers: number;
  /** Nobody comes or goes. */
  readonly quiet: Load;
  /** With a join and a loss. */
  readonly whole: Load;
  readonly join: Join;
  readonly loss: Recovered | null;
  /** Of the coordinator, each second of all this. */
  readonly scrapes: Scrapes;
}

/** Lanes of each worker, so that one more or less changes no step's time much. */
const lanesEach = 2;

const nameOf = (index: number): string => `worker-${index}`;

export function benchSimulated(options: SimulatedOptions): Promise<SimulatedResult> {
  const { profile, seconds, stepMillis, workers } = options;
  const lanes = lanesEach * workers;
  const steps = 1_000_000;
  return inFolder(async (folder) => {
    const { dataset, job } = await writeJob(folder, {
      ...{ name: 'bench', lanes, workers, steps, sequences: 2 },
    });
    return withCluster({ dataset, folder, job, workers }, async (cluster) => {
      const { observer, options, processes, server, start } = cluster;
      const [leading] = processes(workers);
      if (leading === undefined) throw new Error('A run has a coordinator');
      const coordinator = start(leading, profile === null ? [] : profiler(profile));
      const pid = coordinator.pid ?? 0;
      const metricsPort = metricsPortOf(coordinator);
      const hosts = fork(fileURLToPath(new URL('./simulated-workers.js', import.meta.url)), {
        env: { ...process.env, LOCKSTEP_LOG_LEVEL: 'error' },
        execArgv: profile === null ? [] : profiler(profile),
      });
      try {
        const say = (message: ToWorkers) => hosts.send(message);
        const { job, run } = options.run;
        const stepOfAll = (stepMillis * lanes) / lanesEach;
        say({
          ...{ kind: 'run', natsUrl: server.workerUrl, job, run, lanes },
          ...{ totalSteps: steps, stepMillis: stepOfAll },
        });
        for (let index = 0; index < workers; index++) say({ kind: 'start', worker: nameOf(index) });
        await observer.until(() => observer.commits.length >= 20);
        const scraping = await scrape(await metricsPort);
        const whole = measureLoad(pid, observer);
        const quiet = measureLoad(pid, observer);
        await delay((seconds * 1000) / 3);
        const quietLoad = quiet();
        const joining = observer.joining(nameOf(workers));
        say({ kind: 'start', worker: nameOf(workers) });
        const join = await joining;
        await delay((seconds * 1000) / 3);
        const isLoss = ({ cause }: Recovered): boolean => cause === 'lost';
        say({ kind: 'lose', worker: nameOf(1) });
        await observer.until(() => observer.recoveries.some(isLoss));
        await delay((seconds * 1000) / 3);
        const loss = observer.recoveries.find(isLoss) ?? null;
        const all = { workers, quiet: quietLoad, whole: whole(), join, loss };
        return { ...all, scrapes: await scraping() };
      } finally {
        if (profile === null) hosts.kill('SIGKILL');
        else {
          hosts.disconnect();
          await leave(coordinator);
        }
      }
    });
  });
}

const profiler = (folder: string): string[] => ['--cpu-prof', `--cpu-prof-dir=${folder}`];

/** A profile is written by a process that ends by itself. */
async function leave(coordinator: ChildProcess): Promise<void> {
  const exited = once(coordinator, 'exit');
  coordinator.kill('SIGTERM');
  await exited;
}
