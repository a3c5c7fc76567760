/**
 * Many jobs at once, beside the cluster of KUBECONFIG (whose nodes may be none): how long until each has
 * all of its children and a status, what the controller asks of the API server when nothing happens and
 * when every job reports, and how much memory it takes. The last line is JSON.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runOfObject } from '../../../k8s/names.js';
import { encodeJobReport } from '../../../shared/messages/job-report.js';
import { aReport } from '../../../shared/messages/job-report-fixture.js';
import { readReportKey, sealOf } from '../../../shared/messages/job-report-seal.js';
import { projectRoot } from '../../../shared/project-root.js';
import { firstOf, look, problemsIn } from './children-check.js';
import { readControllerMetrics } from './controller-metrics-reader.js';
import type { ManyJobsResult, Rate } from './results.js';
import {
  controllerEnvironment,
  openTestInstallation,
  type TestInstallation,
  testJob,
} from './test-installation.js';
import { waitUntil } from './wait-until.js';

const ports = { reports: 19410, metrics: 19411 };
/** Coordinators report every five seconds. */
const reportInterval = 5_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      jobs: { type: 'string', default: '500' },
      seconds: { type: 'string', default: '60' },
    },
  });
  const installation = await openTestInstallation();
  const program = fileURLToPath(new URL('dist/k8s/controller/main.js', projectRoot));
  const controller = spawn(process.execPath, [program], {
    env: { ...controllerEnvironment(installation, ports), LOCKSTEP_LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  try {
    const result = await measure(installation, Number(values.jobs), Number(values.seconds));
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    controller.kill('SIGTERM');
    await once(controller, 'exit');
    await installation.close();
  }
}

async function measure(
  installation: TestInstallation,
  jobs: number,
  seconds: number,
): Promise<ManyJobsResult> {
  await waitUntil('the controller answers', () => answers(ports.metrics), 60);
  let peak = 0;
  const sample = setInterval(() => {
    readControllerMetrics(ports.metrics).then(
      ({ memory }) => {
        peak = Math.max(peak, memory);
      },
      () => undefined,
    );
  }, 1000);
  const { api } = installation;
  const begin = performance.now();
  const names = Array.from({ length: jobs }, (_, index) => `many-${index}`);
  for (let index = 0; index < jobs; index += 25) {
    await Promise.all(
      names.slice(index, index + 25).map((name) => api.create(testJob(name) as never)),
    );
  }
  const createdSeconds = (performance.now() - begin) / 1000;
  const check = async (): Promise<string | null> => {
    const sight = await look(api);
    if (sight.jobs.length !== jobs) return `${sight.jobs.length} of ${jobs} jobs`;
    return firstOf(problemsIn(sight));
  };
  await waitUntil('every job has its children and a status', check, 300, 1000);
  const reconciledSeconds = (performance.now() - begin) / 1000;
  const after = await readControllerMetrics(ports.metrics);
  // Pods that nobody can place are told of once more; then nothing happens any more.
  await delay(Math.min(15, seconds) * 1000);
  const quiet = await rateOver(seconds);
  const { jobs: objects } = await look(api);
  const stop = reportFor(
    installation,
    objects.map(({ metadata }) => metadata),
  );
  // All of them begin to train at once, which is told at once.
  const areTold = async (): Promise<string | null> => {
    const { running } = await readControllerMetrics(ports.metrics);
    return running === jobs ? null : `${running} of ${jobs} run`;
  };
  await waitUntil('every job runs', areTold, 120);
  await delay(2 * reportInterval);
  const busy = await rateOver(seconds);
  stop();
  clearInterval(sample);
  const { errors } = await readControllerMetrics(ports.metrics);
  return {
    jobs,
    createdSeconds,
    reconciledSeconds,
    requests: after.requests,
    cpuSeconds: after.cpuSeconds,
    quiet,
    reporting: busy,
    peakMemoryMebibytes: peak / 2 ** 20,
    errors,
  };
}

async function answers(port: number): Promise<string | null> {
  return readControllerMetrics(port).then(
    () => null,
    (error: Error) => error.message,
  );
}

async function rateOver(seconds: number): Promise<Rate> {
  const before = await readControllerMetrics(ports.metrics);
  const begin = performance.now();
  await delay(seconds * 1000);
  const after = await readControllerMetrics(ports.metrics);
  const passed = (performance.now() - begin) / 1000;
  const methods = Object.entries(after.methods).map(([method, count]) => [
    method,
    (count - (before.methods[method] ?? 0)) / passed,
  ]);
  return {
    methods: Object.fromEntries(methods),
    requests: (after.requests - before.requests) / passed,
    cpuPercent: (100 * (after.cpuSeconds - before.cpuSeconds)) / passed,
  };
}

interface Reporting {
  readonly name: string;
  readonly uid: string;
}

/** Coordinators that there are not: each reports every five seconds that it trains. */
function reportFor({ keys }: TestInstallation, jobs: readonly Reporting[]): () => void {
  let sequence = 0;
  const timers = jobs.map((job, index) => {
    const first = (reportInterval * index) / jobs.length;
    return setTimeout(() => {
      send(job);
      timers.push(setInterval(() => send(job), reportInterval));
    }, first);
  });
  const send = ({ name, uid }: Reporting): void => {
    sequence++;
    const body = encodeJobReport(
      aReport({ uid, runId: runOfObject(uid), sequence, committedSteps: sequence }),
    );
    const key = readReportKey(keys.reportKey(uid));
    if (key === null) throw new Error('no key');
    fetch(`http://127.0.0.1:${ports.reports}/v1/reports/default/${name}/${uid}`, {
      method: 'POST',
      headers: { authorization: sealOf(key, body) },
      body: body as never,
    }).then(
      (response) => response.arrayBuffer(),
      () => undefined,
    );
  };
  return () => {
    for (const timer of timers) clearTimeout(timer);
  };
}

await main();
