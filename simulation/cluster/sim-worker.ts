/** A worker of the simulation: the real control over a simulated bus, links and training thread. */
import { jobId, runId, workerId } from '../../shared/ids.js';
import { tickInterval } from '../../shared/limits.js';
import { millis } from '../../shared/units.js';
import { PublicationPermit } from '../../worker/checkpoint/store/publication-permit.js';
import { PermitLease } from '../../worker/control/shell/permit-lease.js';
import { WorkerControl } from '../../worker/control/shell/worker-control.js';
import type { WorkerControlParts } from '../../worker/control/shell/worker-parts.js';
import { defaultGrace } from '../../worker/control/situation/limits.js';
import { WorkerMetrics } from '../../worker/metrics.js';
import { noneIsPretrained } from '../../worker/model/pretrained/pretrained-towers.js';
import { TinyTraining } from '../engine/tiny-training.js';
import { SimLinks } from '../links/sim-links.js';
import type { SimProcess } from '../time/sim-process.js';
import { type Cluster, type Running, type StartProcess, simulatedRun } from './cluster.js';
import { tinyRun } from './tiny-job.js';
import { traceLog } from './trace-log.js';

/** They only count, and nobody reads them: one for all. */
const metrics = new WorkerMetrics(jobId('simulated'), workerId('simulated'), async () => ({
  sent: {},
  received: {},
}));

/** @param alter what a test plants: parts that do something else than they should. */
export const workerStarter =
  (alter: (parts: WorkerControlParts) => WorkerControlParts = (parts) => parts): StartProcess =>
  (cluster, process, name) =>
    startWorker(cluster, process, name, alter);

function startWorker(
  cluster: Cluster,
  process: SimProcess,
  name: string,
  alter: (parts: WorkerControlParts) => WorkerControlParts,
): Running {
  const { network, random, scheduler, server, setup } = cluster;
  const links = new SimLinks(network, process, setup.copyTime);
  const disk = cluster.diskOf(name);
  const permit = new PublicationPermit();
  const readings = () => ({ monotonic: process.clock.now(), wall: process.wall() });
  const { job } = tinyRun(setup);
  const running: { training: TinyTraining | null } & Omit<Running, 'training'> = {
    name,
    process,
    links,
    training: null,
    drain: () => control.drain(),
    standing: () => control.worker.situation.kind,
  };
  const parts: WorkerControlParts = {
    bus: server.open(process),
    clock: process.clock,
    log: traceLog(cluster, name),
    metrics,
    links,
    openTraining: (_start, { onMessage }) => {
      const training = new TinyTraining({
        job: { ...setup, seed: 1 },
        scheduler,
        process,
        random,
        disk,
        mayPublish: () => permit.allows(readings()),
        onMessage,
        watch: cluster.findings,
      });
      running.training = training;
      return {
        post: (message) => training.post(message),
        abort: (generation, reason) => training.post({ kind: 'abort', generation, reason }),
        busyFor: () => null,
        terminate: async () => {
          training.end();
          return true;
        },
      };
    },
    job: simulatedRun.job,
    run: runId(simulatedRun.run),
    worker: workerId(name),
    incarnation: cluster.incarnation(),
    secretMark: null,
    pid: 1,
    host: name,
    grace: defaultGrace,
    permit: new PermitLease(permit, readings),
    prepare: async ({ description }) => {
      await sleep(process, 5 + random.below(200));
      return {
        job,
        start: {
          job,
          datasetDirectory: description.dataset.directory,
          cacheDirectory: null,
          checkpointDirectory: `/${name}`,
          pretrained: noneIsPretrained,
          totalSteps: setup.totalSteps,
          evaluate: true,
        },
      };
    },
    findCheckpoint: async (_request, recordedSteps) => {
      const found = disk.newest(recordedSteps ?? Number.POSITIVE_INFINITY);
      // All bytes of it are compared.
      await sleep(process, 1 + random.below(20) + (found === null ? 0 : setup.copyTime));
      return found;
    },
    tell: (event) => cluster.trace(`${name} tells: ${JSON.stringify(event)}`),
    kill: (reason) => cluster.ended(running, reason, false),
  };
  const control = new WorkerControl(alter(parts));
  void control.end.then(({ code, reason }) =>
    scheduler.after(0, () => cluster.ended(running, `exit code ${code}: ${reason}`, isWell(code))),
  );
  control.start();
  process.every(tickInterval, () => control.tick());
  return running;
}

/** Finished, drained, or stopped as it was asked to. */
const isWell = (code: number): boolean => code === 0 || code === 5;

const sleep = (process: SimProcess, delay: number): Promise<void> =>
  new Promise((resolve) => process.after(millis(delay), resolve));
