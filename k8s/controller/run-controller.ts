/** Puts the controller together and runs it until it is told to end, or no longer leads. */
import { setTimeout as delay } from 'node:timers/promises';
import { accessOn } from '../../process/metrics/metrics-access.js';
import { startMetricsServer } from '../../process/metrics/metrics-server.js';
import { readNatsOptions } from '../../process/nats/nats-options.js';
import { systemClock } from '../../shared/clock.js';
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import type { Log } from '../../shared/log.js';
import { readReportKey } from '../../shared/messages/job-report-seal.js';
import { clusterAccess } from '../api/cluster-access.js';
import { ClusterApi } from '../api/cluster-api.js';
import type { KubernetesApi } from '../api/kubernetes-api.js';
import { Reflector } from '../api/reflector.js';
import type { Kind } from '../api/resources.js';
import type { TrainingJobObject } from '../crd/training-job-object.js';
import { NatsAccounts } from '../nats/nats-accounts.js';
import type { Installation } from './children/installation.js';
import { ControllerMetrics } from './controller-metrics.js';
import type { ControllerOptions } from './controller-options.js';
import { derivedAccounts } from './keys/derived-accounts.js';
import { openKeys } from './keys/master-key.js';
import { LeaderElection } from './leader/leader-election.js';
import { markPod } from './leader/mark-pod.js';
import { failureCode } from './policy/failure-code.js';
import { systemTimers, WorkQueue } from './queue/work-queue.js';
import { startReportServer } from './reports/report-server.js';
import { ClusterView, watchedKinds } from './shell/cluster-view.js';
import { EventRecorder } from './shell/event-recorder.js';
import { JobController } from './shell/job-controller.js';
import { JobMemories } from './shell/job-memories.js';

/** Of failures of one job, in a row. */
const jobBackoff = { firstMs: 250, longestMs: 60_000 };

/** Returns early when the signal says so. */
const wait = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  delay(milliseconds, undefined, { signal }).catch(() => undefined);

/** The owner of the fields that it writes. */
const manager = 'lockstep-controller';

export async function runController(
  options: ControllerOptions,
  log: Log,
  signal: AbortSignal,
): Promise<ExitCode> {
  const metrics = new ControllerMetrics();
  const access = clusterAccess(systemClock);
  const count = (method: string, status: number): void =>
    metrics.requests.inc({ method, status: String(status) });
  const clock = systemClock;
  const common = { access, clock, manager, onRequest: count };
  const api = new ClusterApi({ ...common, rate: options.rate });
  // The lease is not kept waiting by what the jobs ask.
  const leaseApi = new ClusterApi({ ...common, rate: { perSecond: 5, burst: 10 } });
  let sick: string | null = null;
  const server = await startMetricsServer({
    registry: metrics.registry,
    port: options.metricsPort,
    host: options.host,
    unhealthy: () => sick,
    access: accessOn(options.host, (text) => log.warn({}, text)),
  });
  const own = new AbortController();
  const end = AbortSignal.any([signal, own.signal]);
  const election = new LeaderElection({
    ...{ api: leaseApi, namespace: options.pod.namespace, self: options.pod.identity, log, wait },
    now: () => clock.now(),
    signal: end,
  });
  try {
    const pod = { api, pod: options.pod, log, random: Math.random, signal: end, wait };
    await markPod(pod, false);
    await election.acquire();
    if (signal.aborted) return exitCodes.success;
    log.info({}, 'leads');
    metrics.leads.set(1);
    const lost = election.keep().then(() => {
      if (!signal.aborted) {
        sick = 'it does not lead any more';
        log.error({}, sick);
      }
      own.abort();
    });
    // The lease is kept meanwhile, and is given up where the API server stays away.
    const ownImage = await markPod(pod, true);
    if (!end.aborted) {
      const leading = lead({ options, log, api, metrics, election, signal: end, ownImage });
      await leading.finally(() => own.abort());
    }
    await lost;
    // Whoever waits takes over at once, and this process begins anew.
    await election.release();
    return signal.aborted ? exitCodes.success : exitCodes.lost;
  } finally {
    own.abort();
    await server.close();
    access.close();
  }
}

interface Leading {
  readonly options: ControllerOptions;
  readonly log: Log;
  readonly api: KubernetesApi;
  readonly metrics: ControllerMetrics;
  readonly election: LeaderElection;
  readonly signal: AbortSignal;
  readonly ownImage: string | null;
}

async function lead(given: Leading): Promise<void> {
  const { api, election, log, metrics, options, signal } = given;
  const keys = await openKeys(api, options.pod.namespace);
  const { servers, url } = options.nats;
  const nats = new NatsAccounts({
    keys,
    // Certificates as the environment names them; credentials are the keys' own.
    address: readNatsOptions({ ...process.env, LOCKSTEP_NATS_URL: url }).address,
    servers,
  });
  const accounts = derivedAccounts(keys, nats, servers);
  const now = (): number => Date.now();
  const memories = new JobMemories(now(), Math.random);
  const view = new ClusterView((key) => queue.add(key));
  const events = new EventRecorder({ api, instance: options.pod.name, log, now });
  const controller = new JobController({
    ...{ api, view, accounts, memories, now, events, log },
    installation: installationOf(given),
    mayAct: () => election.leads,
    clock: systemClock,
    random: Math.random,
  });
  let isListed = false;
  const queue: WorkQueue = new WorkQueue({
    async handle(key) {
      // Before all kinds are known, children that are there would look as if they were missing.
      if (!isListed) return;
      const done = metrics.reconcileSeconds.startTimer();
      const again = await controller.handle(key).finally(done);
      if (again !== null) queue.addAfter(key, again);
    },
    onFailure(key, error, failures) {
      metrics.errors.inc();
      log.warn({ job: key, failures }, (error as Error).message);
    },
    parallel: options.parallel,
    limits: jobBackoff,
    timers: systemTimers,
    random: Math.random,
    now: () => systemClock.now(),
  });
  metrics.watch({
    depth: () => queue.depth,
    jobsByState: () => countBy(view, ({ status }) => status?.state ?? 'Pending'),
    failedJobs: () => countBy(view, ({ status }) => failureCode(status)),
  });
  const reflectors = (Object.entries(watchedKinds) as [Kind, string | null][]).map(
    ([kind, labelSelector]) => {
      const store = view.storeOf(kind);
      if (store === undefined) throw new Error(`no store for ${kind}`);
      const onListed = (): void => {
        isListed = reflectors.every((reflector) => reflector.isListed);
        memories.forget((uid) => view.jobs().some(({ metadata }) => metadata.uid === uid));
        if (!isListed) return;
        for (const { metadata } of view.jobs()) queue.add(`${metadata.namespace}/${metadata.name}`);
      };
      return new Reflector({
        ...{ api, kind, labelSelector, store, onListed, log, signal, wait },
        namespace: options.namespace,
        now: () => systemClock.now(),
        random: Math.random,
      });
    },
  );
  const reportServer = await startReportServer({
    host: options.host,
    port: options.reportPort,
    keyOf(namespace, name, uid) {
      const job = view.job(`${namespace}/${name}`);
      if (job?.metadata.uid !== uid) return null;
      return readReportKey(accounts.secretsOf({ name, uid }).reportKey);
    },
    onReport(namespace, name, report) {
      const isNews = memories.takeReport(report.uid, report, now());
      if (isNews) queue.add(`${namespace}/${name}`);
      return isNews;
    },
    onAnswer: (status) => metrics.reports.inc({ status: String(status) }),
    now: () => systemClock.now(),
  });
  try {
    await Promise.all(reflectors.map((reflector) => reflector.run()));
  } finally {
    await reportServer.close();
    await queue.close();
    await accounts.close();
  }
}

function installationOf({ options, ownImage }: Leading): Installation {
  const { images, nats, packageIndex, reportUrl } = options;
  const coordinator = images.coordinator ?? ownImage;
  if (coordinator === null) {
    throw new Error(
      'Cannot start the controller: LOCKSTEP_COORDINATOR_IMAGE is missing, and it runs in no pod whose image it could take',
    );
  }
  return { images: { ...images, coordinator }, nats, packageIndex, reportUrl };
}

/** @param keyOf null for a job that is not counted */
function countBy(
  view: ClusterView,
  keyOf: (job: TrainingJobObject) => string | null,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const job of view.jobs()) {
    const key = keyOf(job);
    if (key !== null) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
