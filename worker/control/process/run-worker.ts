/** A worker process, apart from what trains in it: options, connections, clock, exit. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { openNatsBus } from '../../../bus/nats-bus.js';
import { isLoopback } from '../../../process/addresses/announced-address.js';
import { secretMark } from '../../../process/job-secret.js';
import { beginLife, endWithin, live } from '../../../process/life.js';
import { openLog } from '../../../process/logs/open-log.js';
import { accessOn } from '../../../process/metrics/metrics-access.js';
import { startMetricsServer } from '../../../process/metrics/metrics-server.js';
import { readNatsOptions } from '../../../process/nats/nats-options.js';
import { OptionError } from '../../../process/options.js';
import { systemClock } from '../../../shared/clock.js';
import { jobDigest } from '../../../shared/job-spec/job-digest.js';
import { resolveJob, type TrainingJob } from '../../../shared/job-spec/job-spec.js';
import { goodbyeTimeout, tickInterval } from '../../../shared/limits.js';
import type { Log } from '../../../shared/log.js';
import { PublicationPermit, readings } from '../../checkpoint/store/publication-permit.js';
import { type LinkBytes, WorkerMetrics } from '../../metrics.js';
import { PermitLease } from '../shell/permit-lease.js';
import { WorkerControl } from '../shell/worker-control.js';
import type { OpenTraining, PrepareRequest, WorkerLinks } from '../shell/worker-parts.js';
import { CheckpointFinder } from './checkpoint-finder.js';
import { prepareRun } from './prepare-run.js';
import { type HostAndPort, readWorkerOptions } from './worker-options.js';

/** Links with their thread. */
export interface OpenLinks extends WorkerLinks {
  stats(): Promise<LinkBytes>;
  close(): Promise<void>;
}

/** What a worker is made of; tests put other things in. */
export interface WorkerDependencies {
  readonly openTraining: OpenTraining;
  readonly openLinks: (options: {
    readonly bind: HostAndPort;
    /** What the peers dial; port 0 stands for the one that it listens on, null for `bind`. */
    readonly announce: HostAndPort | null;
    /** The job's; null where there is none. */
    readonly secret: Uint8Array | null;
  }) => Promise<OpenLinks>;
  /** The job's, which every member must prove to know; null where there is none. */
  readonly secret: () => Uint8Array | null;
  readonly digestOf: (directory: string, wanted: string) => Promise<string | null>;
}

/** Random bytes of an incarnation, and of the name of a worker that has none. */
const incarnationBytes = 8;
const nameBytes = 4;

export async function runWorker(
  words: readonly string[],
  dependencies: WorkerDependencies,
): Promise<void> {
  const random = randomBytes(nameBytes).toString('hex');
  const options = readWorkerOptions(words, { host: hostname(), random });
  const { bind, announce, cacheDirectory, checkpoints, job, run, worker } = options;
  const log = openLog({ process: worker });
  await live(worker, log, async () => {
    const secret = requireSecret(bind, dependencies.secret());
    const links = await dependencies.openLinks({ bind, announce, secret });
    const metrics = new WorkerMetrics(job, worker, () => links.stats());
    const { address, replicas, patience } = readNatsOptions();
    const bus = await openNatsBus({
      ...{ url: address, replicas, name: worker, reconnect: true, patience },
      onWait: (reason) => log.warn({}, reason),
    });
    const permit = new PublicationPermit();
    const finder = new CheckpointFinder();
    const findCheckpoint = async (request: PrepareRequest, recordedSteps: number | null) =>
      finder.find({
        location: request.description.checkpoints ?? checkpoints,
        resume: request.description.resume,
        expected: expectationOf(resolveJob(request.description.job)),
        // An evaluation records no step: whatever the checkpoint has, it was heard of by another run.
        recordedSteps: request.description.totalSteps === null ? null : recordedSteps,
        notice: request.notice,
      });
    const { digestOf, openTraining } = dependencies;
    const publication = permit.shared;
    const control = new WorkerControl({
      ...{ bus, log, metrics, links, openTraining, job, run, worker, findCheckpoint },
      clock: systemClock,
      incarnation: randomBytes(incarnationBytes).toString('hex'),
      secretMark: secret === null ? null : secretMark(secret, job),
      pid: process.pid,
      host: hostname(),
      grace: options.grace,
      permit: new PermitLease(permit, readings),
      prepare: (request) =>
        prepareRun(
          { bus, cacheDirectory, checkpoints, publication, digestOf },
          request,
          async () => {
            const found = await findCheckpoint(request, 0);
            return found?.committedSteps ?? 0;
          },
        ),
      tell: (news) => parent.tell(news.kind === 'failed' ? { ...news, worker } : news),
      kill: (reason) => killProcess(log, reason),
    });
    const parent = beginLife({
      onStop: () => control.drain(),
      onAbort: (reason) => control.abort(reason),
    });
    const server = await startMetricsServer({
      registry: metrics.registry,
      ...options.metrics,
      unhealthy: () => control.unhealthy,
      unready: () => control.unready,
      access: accessOn(options.metrics.host, (text) => log.warn({}, text)),
    });
    parent.tell({ kind: 'listening', metricsPort: server.port });
    log.info({ metricsPort: server.port, links: links.address, job, run }, 'worker started');
    control.start();
    const ticking = setInterval(() => control.tick(), tickInterval);
    const { code, reason } = await control.end;
    clearInterval(ticking);
    endWithin(goodbyeTimeout);
    log.info({ code, reason }, 'worker ends');
    parent.tell({ kind: 'leaving', code, reason });
    await bus.close();
    await parent.flush();
    await leave(control, links, log);
    return code;
  });
}

/**
 * @throws OptionError where the links could be reached from other machines and nobody must prove anything
 */
function requireSecret({ host }: HostAndPort, secret: Uint8Array | null): Uint8Array | null {
  if (secret !== null || isLoopback(host)) return secret;
  throw new OptionError(
    `Cannot start: --bind ${host} can be reached from other machines, so LOCKSTEP_SECRET_FILE must ` +
      'name a file with the secret of the job',
  );
}

/** The dataset is compared by the training thread. */
const expectationOf = (job: TrainingJob) => ({ jobDigest: jobDigest(job), datasetDigest: null });

function killProcess(log: Log, reason: string): void {
  log.error({ code: 'ABORTED' }, `killing the process: ${reason}`);
  process.kill(process.pid, 'SIGKILL');
}

/**
 * `process.exit` waits for threads in native code, which may take as long as a step: a process that
 * has nothing more to say kills itself instead.
 */
async function leave(control: WorkerControl, links: OpenLinks, log: Log): Promise<void> {
  const ended = await control.close(goodbyeTimeout / 3);
  if (!ended) killProcess(log, 'the training thread did not return from native code');
  await links.close();
}
