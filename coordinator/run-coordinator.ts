/** The coordinator process, apart from what it plans: options, connections, clock, exit. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openNatsBus } from '../bus/nats-bus.js';
import { filesToSend } from '../pretrained/weight-files.js';
import { beginLife, endWithin, live } from '../process/life.js';
import { startMetricsServer } from '../process/metrics/metrics-server.js';
import { openLog } from '../process/open-log.js';
import { natsUrl, readOptions, runOption } from '../process/options.js';
import { claimRun, sweepRuns } from '../process/ownership/run-claim.js';
import { readJobFile } from '../process/read-job.js';
import { AwakeClock } from '../shared/awake-clock.js';
import { systemClock } from '../shared/clock.js';
import { type ExitCode, exitCodeOf, exitCodes } from '../shared/exit-codes.js';
import { jobId } from '../shared/ids.js';
import type { TrainingJob } from '../shared/job-spec/job-spec.js';
import { goodbyeTimeout, longestTick, membersMax, tickInterval } from '../shared/limits.js';
import type { Millis } from '../shared/units.js';
import { Coordinator, type Outcome } from './coordinator.js';
import type { Prepared } from './coordinator-parts.js';
import { CoordinatorMetrics } from './metrics.js';
import { FilesPublisher, filesOf } from './plans/files-publisher.js';
import type { JobPlan } from './plans/plan-source.js';

export type OpenPlan = (job: TrainingJob, datasetDirectory: string) => Promise<JobPlan>;

const names = [
  'run',
  'job-file',
  'job-digest',
  'claim',
  'dataset',
  'workers',
  'checkpoints',
  'metrics-port',
  'metrics-host',
];

export async function runCoordinator(words: readonly string[], openPlan: OpenPlan): Promise<void> {
  const options = readOptions(words, names, ['evaluate-only', 'checkpoint-required']);
  const log = openLog({ process: 'coordinator' });
  await live('coordinator', log, async () => {
    const spec = await readJobFile(options.text('job-file'), options.optional('job-digest'));
    const job = jobId(spec.metadata.name);
    const run = { job, run: runOption(options) };
    const directory = options.text('dataset');
    const prepared = openPlan(spec, directory).then(
      ({ datasetDigest, plans, totalSteps }): Prepared => ({
        dataset: { directory, digest: datasetDigest },
        totalSteps: options.flag('evaluate-only') ? null : totalSteps,
        plans,
      }),
    );
    const metrics = new CoordinatorMetrics(job);
    metrics.build(spec.spec.engine.name);
    const bus = await openNatsBus({ url: natsUrl(), name: 'coordinator' });
    const files = new FilesPublisher({ bus, run, onFile: () => metrics.filesPublished.inc() });
    offerPretrained(files, spec);
    prepared.then(
      ({ dataset }) => files.offer(dataset.digest, () => filesOf(directory)),
      // Told by the coordinator.
      () => undefined,
    );
    const parent = beginLife({
      onStop: () => coordinator.stop(),
      onAbort: (reason) =>
        coordinator.fail('ABORTED', `the coordinator was told to end at once: ${reason}`, null),
    });
    const coordinator = new Coordinator({
      bus,
      clock: new AwakeClock(systemClock, longestTick),
      wallClock: () => new Date().toISOString(),
      log,
      metrics,
      run,
      spec,
      filesPublisher: files,
      emit: (event) => parent.tell(event),
      replicas: options.integer('workers', 1, membersMax, spec.spec.workers.replicas),
      linksToken: randomBytes(24).toString('hex'),
      checkpointDirectory: options.text('checkpoints'),
      checkpointRequired: options.flag('checkpoint-required'),
      evaluate: true,
      prepared,
    });
    const server = await startMetricsServer({
      registry: metrics.registry,
      port: options.integer('metrics-port', 0, 65535, 0),
      host: options.optional('metrics-host') ?? '127.0.0.1',
      unhealthy: () => coordinator.unhealthy,
    });
    parent.tell({ kind: 'listening', metricsPort: server.port });
    log.info({ ...run, metricsPort: server.port }, 'coordinator started');
    const claiming = {
      bus,
      run,
      token: options.optional('claim'),
      clock: systemClock,
      note: (text: string) => parent.tell({ kind: 'notice', text }),
      sleep: (time: Millis) => sleep(time),
    };
    const claim = await claimRun(claiming);
    void claim.lost.then((error) => coordinator.fail(error.code, error.message, null));
    const swept = await sweepRuns(claiming);
    if (swept.length > 0) log.info({ swept }, 'removed what dead runs left');
    await coordinator.start();
    const ticking = setInterval(() => coordinator.tick(), tickInterval);
    const outcome = await coordinator.outcome;
    clearInterval(ticking);
    endWithin(goodbyeTimeout);
    await coordinator.close();
    // Whatever cannot be given back is succeeded: this process is about to be dead.
    await claim.release().catch(() => undefined);
    await bus.close();
    await parent.flush();
    return exitOf(outcome);
  });
}

/** The weights that the job names: for workers that have no folder with that digest. */
function offerPretrained(files: FilesPublisher, { spec }: TrainingJob): void {
  for (const { pretrained } of [spec.model.item, spec.model.user]) {
    if (pretrained?.sha256 === undefined) continue;
    files.offer(pretrained.sha256, () => filesToSend(pretrained.path));
  }
}

function exitOf(outcome: Outcome): ExitCode {
  if (outcome.kind === 'failed') return exitCodeOf(outcome.code);
  return outcome.result.stopped ? exitCodes.stopped : exitCodes.success;
}
