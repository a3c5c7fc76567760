/** The coordinator process, apart from what it plans: options, connections, clock, exit. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { openNatsBus } from '../../bus/nats-bus.js';
import { filesToSend } from '../../pretrained/weight-files.js';
import { beginLife, endWithin, live } from '../../process/life.js';
import { openLog } from '../../process/logs/open-log.js';
import { accessOn } from '../../process/metrics/metrics-access.js';
import { startMetricsServer } from '../../process/metrics/metrics-server.js';
import { readNatsOptions } from '../../process/nats/nats-options.js';
import { readOptions, runOption } from '../../process/options.js';
import { livenessOf, ownIdentity } from '../../process/ownership/process-identity.js';
import { sweepRuns } from '../../process/ownership/run-claim.js';
import { readJobFile } from '../../process/read-job.js';
import { postReport } from '../../process/report/post-report.js';
import { readReportOptions } from '../../process/report/report-options.js';
import { systemClock } from '../../shared/clock.js';
import { type ExitCode, exitCodeOf, exitCodes } from '../../shared/exit-codes.js';
import { jobId } from '../../shared/ids.js';
import { wholeJobDigest } from '../../shared/job-spec/job-digest.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import { goodbyeTimeout, membersMax } from '../../shared/limits.js';
import { millis } from '../../shared/units.js';
import { CoordinatorMetrics } from '../metrics.js';
import { FilesPublisher, filesOf } from '../plans/files-publisher.js';
import type { JobPlan } from '../plans/plan-source.js';
import { RunReporter, type RunReporterParts } from '../report/run-reporter.js';
import { Coordinator } from './coordinator.js';
import type { CoordinatorOutcome, Prepared } from './coordinator-parts.js';
import { defaultGrace } from './decide-leave.js';
import { graceSecondsMax, lookInterval } from './limits.js';
import { serveDashboard, shownRun } from './serve-dashboard.js';

export type OpenPlan = (job: TrainingJob, datasetDirectory: string) => Promise<JobPlan>;

const names = [
  'run',
  'name',
  'job-file',
  'job-digest',
  'claim',
  'dataset',
  'workers',
  'checkpoints',
  'resume',
  'grace',
  'metrics-port',
  'metrics-host',
  'dashboard-port',
  'dashboard-host',
  'dashboard-folder',
];

/** Where each worker has its checkpoints in a folder of its own. */
const ownFolders = 'workers';

export async function runCoordinator(words: readonly string[], openPlan: OpenPlan): Promise<void> {
  const options = readOptions(words, names, ['evaluate-only', 'resume-if-any']);
  const name = options.optional('name') ?? 'coordinator';
  const log = openLog({ process: name });
  await live(name, log, async () => {
    const spec = await readJobFile(options.text('job-file'), options.optional('job-digest'));
    const job = jobId(spec.metadata.name);
    const run = { job, run: runOption(options) };
    const directory = options.text('dataset');
    const evaluateOnly = options.flag('evaluate-only');
    const prepared = openPlan(spec, directory).then(
      ({ datasetDigest, plans, totalSteps }): Prepared => ({
        dataset: { directory, digest: datasetDigest },
        totalSteps: evaluateOnly ? null : totalSteps,
        plans,
      }),
    );
    const metrics = new CoordinatorMetrics(job);
    metrics.build(spec.spec.engine.name);
    const { address, replicas: copies, patience } = readNatsOptions();
    const bus = await openNatsBus({
      ...{ url: address, replicas: copies, name, reconnect: true, patience },
      onWait: (reason) => log.warn({}, reason),
    });
    metrics.busConnected.set(1);
    bus.connection.onChange(({ kind }) => metrics.busConnected.set(kind === 'connected' ? 1 : 0));
    const files = new FilesPublisher({ bus, run, onFile: () => metrics.filesPublished.inc() });
    offerPretrained(files, spec);
    prepared.then(
      ({ dataset }) => files.offer(dataset.digest, () => filesOf(directory)),
      // Told by the coordinator.
      () => undefined,
    );
    const checkpoints = options.text('checkpoints');
    const resume = options.optional('resume');
    // A run that begins may begin at the seed, and one that has ended is over.
    const ifAny = options.flag('resume-if-any');
    const { min, max, replicas, shares } = spec.spec.workers;
    const { lanes } = spec.spec;
    metrics.membersMin.set(min);
    const shown =
      options.optional('dashboard-port') === undefined
        ? null
        : shownRun(spec, run, { bus, options });
    const coordinator = new Coordinator({
      bus,
      clock: systemClock,
      time: () => new Date().toISOString(),
      log,
      metrics,
      filesPublisher: files,
      run,
      name: `${name}, pid ${process.pid} on ${hostname()}`,
      owner: ownIdentity(),
      liveness: livenessOf,
      token: options.optional('claim') ?? randomUUID(),
      description: {
        job: spec,
        jobSha256: wholeJobDigest(spec),
        checkpoints: checkpoints === ownFolders ? null : checkpoints,
        resume,
        evaluate: true,
      },
      workers: {
        replicas: options.integer('workers', 1, membersMax, replicas),
        min,
        max: max ?? lanes,
        lanes,
        shares,
      },
      goesOnBehindEnd: resume !== null && !ifAny,
      checkpointRequired: (resume !== null && !ifAny) || evaluateOnly,
      prepared,
      grace: millis(options.integer('grace', 1, graceSecondsMax, defaultGrace / 1000) * 1000),
      sweep: () => sweepRuns({ bus, run }, 'keep'),
      note: (text) => parent.tell({ kind: 'notice', text }),
      ...(shown !== null && { entryReader: shown }),
    });
    const leave = (): void => void coordinator.leave();
    const handlers = {
      onStop: () => coordinator.stop('the command that started it'),
      onLeave: leave,
      onAbort: () => void coordinator.leaveAtOnce(),
    };
    const parent = beginLife(handlers);
    const host = options.optional('metrics-host') ?? '127.0.0.1';
    const server = await startMetricsServer({
      registry: metrics.registry,
      port: options.integer('metrics-port', 0, 65535, 0),
      host,
      unhealthy: () => coordinator.unhealthy,
      unready: () => coordinator.unready,
      access: accessOn(host, (text) => log.warn({}, text)),
    });
    const dashboard = shown === null ? null : await serveDashboard(shown.source, options, log);
    const dashboardPort = dashboard?.port ?? null;
    parent.tell({ kind: 'listening', metricsPort: server.port, dashboardPort });
    log.info({ ...run, metricsPort: server.port, dashboardPort }, 'coordinator started');
    await coordinator.start();
    const reporter = openReporter({ log, metrics, runId: run.run, min });
    const ticking = setInterval(() => {
      coordinator.tick();
      reporter?.tick(coordinator.standing);
    }, lookInterval);
    const outcome = await coordinator.outcome;
    clearInterval(ticking);
    await reporter?.close(outcome.kind === 'left' ? null : coordinator.standing);
    endWithin(goodbyeTimeout);
    await coordinator.close();
    shown?.close();
    await dashboard?.close();
    await bus.close();
    if (outcome.kind === 'failed') tellFailure(outcome, parent.tell);
    await parent.flush();
    return exitOf(outcome);
  });
}

/** Null where nobody wants reports. @throws OptionError */
function openReporter(
  parts: Pick<RunReporterParts, 'log' | 'metrics' | 'runId' | 'min'>,
): RunReporter | null {
  const options = readReportOptions();
  if (options === null) return null;
  return new RunReporter({
    ...parts,
    clock: systemClock,
    time: () => new Date().toISOString(),
    uid: options.uid,
    sleep: (time) => sleep(time),
    post: (body, timeout) => postReport(options, body, timeout),
  });
}

function tellFailure(
  { code, message }: Extract<CoordinatorOutcome, { kind: 'failed' }>,
  tell: ReturnType<typeof beginLife>['tell'],
): void {
  tell({ kind: 'failed', code, message, worker: null, committedSteps: 0 });
}

/** The weights that the job names: for workers that have no folder with that digest. */
function offerPretrained(files: FilesPublisher, { spec }: TrainingJob): void {
  for (const { pretrained } of [spec.model.item, spec.model.user]) {
    if (pretrained?.sha256 === undefined) continue;
    files.offer(pretrained.sha256, () => filesToSend(pretrained.path));
  }
}

function exitOf(outcome: CoordinatorOutcome): ExitCode {
  if (outcome.kind === 'failed') return exitCodeOf(outcome.code);
  if (outcome.kind === 'left') return exitCodes.stopped;
  return outcome.result.stopped ? exitCodes.stopped : exitCodes.success;
}
