/** A coordinator of the simulation: the real one over a simulated bus, with plans that are known. */
import { Coordinator } from '../../coordinator/leading/coordinator.js';
import { defaultGrace } from '../../coordinator/leading/decide-leave.js';
import { CoordinatorMetrics } from '../../coordinator/metrics.js';
import { FilesPublisher } from '../../coordinator/plans/files-publisher.js';
import type { PlanSource } from '../../coordinator/plans/plan-source.js';
import type { Bus } from '../../shared/bus.js';
import { tickInterval } from '../../shared/limits.js';
import type { SimProcess } from '../time/sim-process.js';
import { type Cluster, type Running, type StartProcess, simulatedRun } from './cluster.js';
import { tinyRun } from './tiny-job.js';
import { traceLog } from './trace-log.js';

/** They only count, and nobody reads them: one for all. */
const metrics = new CoordinatorMetrics(simulatedRun.job);

/** @param alter what a test plants: a bus that does something else than it should. */
export const coordinatorStarter =
  (alter: (bus: Bus) => Bus = (bus) => bus): StartProcess =>
  (cluster, process, name) =>
    startCoordinator(cluster, process, name, alter(cluster.server.open(process)));

function startCoordinator(cluster: Cluster, process: SimProcess, name: string, bus: Bus): Running {
  const { random, scheduler, setup } = cluster;
  const plans = plansOf(cluster, process);
  const { job } = tinyRun(setup);
  const running: Running = {
    name,
    process,
    links: null,
    training: null,
    drain: () => void coordinator.leave(),
    standing: () => (coordinator.leads ? 'leading' : 'standing by'),
  };
  const owner = { host: 'h', pid: cluster.pidOf(process), boot: null, pidNamespace: null };
  const coordinator = new Coordinator({
    bus,
    clock: process.clock,
    time: () => new Date(process.wall()).toISOString(),
    log: traceLog(cluster, name),
    metrics,
    filesPublisher: new FilesPublisher({ bus, run: simulatedRun, onFile: () => undefined }),
    run: simulatedRun,
    name,
    owner: { ...owner, startTicks: null },
    liveness: ({ pid }) => (setup.oneHost && !cluster.isAlive(pid) ? 'dead' : 'unknown'),
    token: cluster.incarnation(),
    description: {
      job: {},
      jobSha256: 'b'.repeat(64),
      checkpoints: setup.sharedFolder ? '/shared' : null,
      resume: null,
      evaluate: true,
    },
    workers: {
      replicas: setup.workers.length,
      min: setup.workersMin,
      max: 8,
      lanes: setup.lanes,
      shares: setup.dealsBySpeed ? 'speed' : 'even',
    },
    goesOnBehindEnd: false,
    checkpointRequired: false,
    grace: defaultGrace,
    prepared: new Promise((resolve) =>
      process.after(random.below(300), () =>
        resolve({
          dataset: { directory: '/data', digest: 'simulated' },
          totalSteps: job.spec.duration.steps ?? 0,
          plans,
        }),
      ),
    ),
    sweep: async () => [],
    note: (text) => cluster.trace(`${name} notes: ${text}`),
  });
  void coordinator.outcome.then(async (outcome) => {
    await coordinator.close();
    scheduler.after(0, () =>
      cluster.ended(running, JSON.stringify(outcome).slice(0, 200), outcome.kind !== 'failed'),
    );
  });
  void begin(cluster, running, coordinator);
  process.every(tickInterval, () => coordinator.tick());
  return running;
}

/** Where the bus is away while it starts, it is started again: nothing of it is there yet. */
async function begin(cluster: Cluster, running: Running, coordinator: Coordinator): Promise<void> {
  try {
    await coordinator.start();
  } catch (error) {
    cluster.trace(`${running.name} cannot start: ${(error as Error).message}`);
    cluster.scheduler.after(0, () => {
      cluster.kill(running, 'the bus is away');
      cluster.scheduler.after(500, () => cluster.start(running.name));
    });
  }
}

function plansOf({ random, setup }: Cluster, process: SimProcess): PlanSource {
  const { encoded } = tinyRun(setup);
  return {
    plan: (at) =>
      new Promise((resolve) =>
        process.after(random.below(20), () => {
          const plan = encoded[at];
          if (plan !== undefined) resolve(plan);
        }),
      ),
    close: async () => undefined,
  };
}
