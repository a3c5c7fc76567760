/**
 * A process of many workers: the real control of each over its own connection to nats-server, with the
 * simulation's training thread and links between them in memory. It does what its parent says.
 */
import { hostname } from 'node:os';
import { openNatsBus } from '../../bus/nats-bus.js';
import { openLog } from '../../process/logs/open-log.js';
import { jobId, runId, workerId } from '../../shared/ids.js';
import { resolveJob, type TrainingJob } from '../../shared/job-spec/job-spec.js';
import { tickInterval } from '../../shared/limits.js';
import { Random } from '../../shared/random.js';
import { SimDisk } from '../../simulation/engine/sim-disk.js';
import type { TinyTrainingParts } from '../../simulation/engine/tiny-parts.js';
import { TinyTraining } from '../../simulation/engine/tiny-training.js';
import { SimLinks } from '../../simulation/links/sim-links.js';
import { SimNetwork } from '../../simulation/links/sim-network.js';
import { openDrain } from '../../simulation/time/drain.js';
import { SimProcess } from '../../simulation/time/sim-process.js';
import { PublicationPermit } from '../../worker/checkpoint/store/publication-permit.js';
import { PermitLease } from '../../worker/control/shell/permit-lease.js';
import { WorkerControl } from '../../worker/control/shell/worker-control.js';
import type { TrainingHost } from '../../worker/control/shell/worker-parts.js';
import { defaultGrace } from '../../worker/control/situation/limits.js';
import { WorkerMetrics } from '../../worker/metrics.js';
import { noneIsPretrained } from '../../worker/model/pretrained/pretrained-towers.js';
import { RealTime } from './real-time.js';

export interface SimulatedRun {
  readonly natsUrl: string;
  readonly job: string;
  readonly run: string;
  readonly lanes: number;
  readonly totalSteps: number;
  /** Of all lanes on one worker. */
  readonly stepMillis: number;
}

export type ToWorkers =
  | ({ readonly kind: 'run' } & SimulatedRun)
  | { readonly kind: 'start'; readonly worker: string }
  /** As if its process were killed. */
  | { readonly kind: 'lose'; readonly worker: string };

const random = Random.for(1, 'bench');
const scheduler = new RealTime(random, openDrain());
const network = new SimNetwork(scheduler, random);
const disk = new SimDisk('/none');
/** They only count, and nobody reads them: one for all. */
const metrics = new WorkerMetrics(jobId('bench'), workerId('all'), async () => ({
  sent: {},
  received: {},
}));
const losing = new Map<string, () => void>();
const nothing = (): void => undefined;

async function start(given: SimulatedRun, name: string, incarnation: string): Promise<void> {
  const simProcess = new SimProcess(name, scheduler, { offset: 0, rate: 1 });
  const links = new SimLinks(network, simProcess, 20);
  const permit = new PublicationPermit();
  const readings = () => ({ monotonic: simProcess.clock.now(), wall: simProcess.wall() });
  const bus = await openNatsBus({ url: given.natsUrl, name, reconnect: true });
  const mayPublish = (): boolean => permit.allows(readings());
  const control = new WorkerControl({
    ...{ bus, metrics, links, incarnation, secretMark: null },
    clock: simProcess.clock,
    log: openLog({ process: name }),
    openTraining: (_start, { onMessage }) =>
      tinyTraining(given, { process: simProcess, mayPublish, onMessage }),
    job: jobId(given.job),
    run: runId(given.run),
    worker: workerId(name),
    pid: process.pid,
    host: hostname(),
    grace: defaultGrace,
    permit: new PermitLease(permit, readings),
    prepare: async ({ description }) => prepared(given, resolveJob(description.job)),
    // Whoever comes copies the state of a member.
    findCheckpoint: async () => null,
    tell: nothing,
    kill: nothing,
  });
  control.start();
  const ticking = setInterval(() => control.tick(), tickInterval);
  losing.set(name, () => {
    clearInterval(ticking);
    simProcess.kill();
    network.closeAll(links, 'its process is gone');
    void bus.close();
  });
}

function tinyTraining(
  { lanes, stepMillis, totalSteps }: SimulatedRun,
  parts: Pick<TinyTrainingParts, 'process' | 'mayPublish' | 'onMessage'>,
): TrainingHost {
  const training = new TinyTraining({
    job: {
      ...{ seed: 1, totalSteps, lanes, stepTime: stepMillis },
      ...{ checkpointEvery: totalSteps, evaluateEvery: null, collapses: [] },
    },
    ...{ scheduler, random, disk, ...parts },
    watch: { entered: nothing, left: nothing, published: nothing, saved: nothing },
  });
  return {
    post: (message) => training.post(message),
    abort: (generation, reason) => training.post({ kind: 'abort', generation, reason }),
    busyFor: () => null,
    terminate: async () => {
      training.end();
      return true;
    },
  };
}

const prepared = ({ totalSteps }: SimulatedRun, job: TrainingJob) => ({
  job,
  start: {
    job,
    datasetDirectory: '/none',
    cacheDirectory: null,
    checkpointDirectory: '/none',
    pretrained: noneIsPretrained,
    totalSteps,
    evaluate: true,
  },
});

let given: SimulatedRun | null = null;
let started = 0;
process.on('message', (message: ToWorkers) => {
  switch (message.kind) {
    case 'run':
      given = message;
      return;
    case 'start':
      if (given !== null) {
        void start(given, message.worker, (++started).toString(16).padStart(16, '0'));
      }
      return;
    case 'lose':
      losing.get(message.worker)?.();
      return;
  }
});
process.on('disconnect', () => process.exit());
