/** A worker process, apart from what trains in it: options, connections, clock, exit. */
import { openNatsBus } from '../../bus/nats-bus.js';
import { beginLife, endWithin, live } from '../../process/life.js';
import { startMetricsServer } from '../../process/metrics/metrics-server.js';
import { openLog } from '../../process/open-log.js';
import { natsUrl, readOptions, runOption } from '../../process/options.js';
import { AwakeClock } from '../../shared/awake-clock.js';
import { systemClock } from '../../shared/clock.js';
import { jobId, workerId } from '../../shared/ids.js';
import { goodbyeTimeout, longestTick, tickInterval } from '../../shared/limits.js';
import type { Log } from '../../shared/log.js';
import type { FoundCheckpoint } from '../../shared/messages/report-fields.js';
import type { RunEvent } from '../../shared/messages/run-events.js';
import { type LinkBytes, WorkerMetrics } from '../metrics.js';
import type { CheckpointWish } from './find-checkpoint.js';
import type { StartTraining } from './training-thread.js';
import { type Links, WorkerControl } from './worker-control.js';

export interface OpenLinks extends Links {
  onFailure(listener: (error: Error) => void): void;
  /** Gives up every exchange; returns at once. */
  abort(reason: string): void;
  stats(): Promise<LinkBytes>;
  close(): Promise<void>;
}

/** What a worker is made of; tests put other things in. */
export interface WorkerDependencies {
  readonly startTraining: StartTraining;
  readonly startLinks: (options: { host: string }) => Promise<OpenLinks>;
  readonly digestOf: (directory: string, wanted: string) => Promise<string | null>;
  /** `wish` is `newest` or a checkpoint folder. */
  readonly findCheckpoint: (
    options: CheckpointWish,
    log: Log,
    notice: (text: string) => void,
  ) => Promise<FoundCheckpoint | null>;
}

const names = [
  'job',
  'run',
  'job-digest',
  'worker',
  'job-file',
  'checkpoints',
  'cache',
  'resume',
  'links-host',
  'metrics-port',
  'metrics-host',
];

export async function runWorker(
  words: readonly string[],
  dependencies: WorkerDependencies,
): Promise<void> {
  const options = readOptions(words, names);
  const worker = workerId(options.text('worker'));
  const run = { job: jobId(options.text('job')), run: runOption(options) };
  const log = openLog({ process: worker });
  await live(worker, log, async () => {
    const wish = options.optional('resume');
    const checkpoint =
      wish === null
        ? null
        : await dependencies.findCheckpoint(
            {
              wish,
              checkpoints: options.text('checkpoints'),
              jobFile: options.text('job-file'),
              jobDigest: options.optional('job-digest'),
            },
            log,
            (text) => process.send?.({ kind: 'notice', text } satisfies RunEvent),
          );
    const links = await dependencies.startLinks({
      host: options.optional('links-host') ?? '127.0.0.1',
    });
    const metrics = new WorkerMetrics(run.job, worker, () => links.stats());
    const bus = await openNatsBus({ url: natsUrl(), name: worker });
    const control = new WorkerControl({
      bus,
      clock: new AwakeClock(systemClock, longestTick),
      log,
      metrics,
      links,
      run,
      jobDigest: options.optional('job-digest'),
      worker,
      checkpoint,
      startTraining: dependencies.startTraining,
      cacheDirectory: options.text('cache'),
      digestOf: dependencies.digestOf,
      emit: (event) => parent.tell(event),
    });
    links.onFailure((error) => control.peerLost(error));
    const parent = beginLife({
      onStop: () => control.stop(),
      onAbort: (reason) => control.abort(reason),
    });
    const server = await startMetricsServer({
      registry: metrics.registry,
      port: options.integer('metrics-port', 0, 65535, 0),
      host: options.optional('metrics-host') ?? '127.0.0.1',
      unhealthy: () => control.unhealthy,
    });
    parent.tell({ kind: 'listening', metricsPort: server.port });
    log.info({ metricsPort: server.port, links: links.address, ...run }, 'worker started');
    await control.start();
    const ticking = setInterval(() => control.tick(), tickInterval);
    const { code, reason } = await control.end;
    clearInterval(ticking);
    endWithin(goodbyeTimeout);
    log.info({ code, reason }, 'worker ends');
    parent.tell({ kind: 'leaving', code });
    await bus.close();
    await parent.flush();
    await leave(control, links, log);
    return code;
  });
}

/**
 * `process.exit` waits for threads in native code, which may take as long as a step: a process that
 * has nothing more to say kills itself instead.
 */
async function leave(control: WorkerControl, links: OpenLinks, log: Log): Promise<void> {
  const ended = await control.close(goodbyeTimeout / 3);
  if (!ended) {
    log.warn({}, 'the training thread did not return from native code: killing the process');
    process.kill(process.pid, 'SIGKILL');
  }
  await links.close();
}
