/**
 * `lockstep chaos FILE`: trains a job once undisturbed and then, for as long as is asked, while its
 * processes are killed, stopped and restarted, and says whether anything of the result has changed.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { sweepAbandoned, temporaryPart } from '../../process/ownership/temporary-name.js';
import { systemClock } from '../../shared/clock.js';
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import { chaosHelp } from '../help.js';
import type { Display } from '../output/display/display.js';
import { openOwnDisplay } from '../output/display/own-display.js';
import { readJobArgument } from '../train/job/read-job-argument.js';
import { type ChaosArguments, readChaosArguments } from './chaos-arguments.js';
import {
  type ChaosReport,
  type ChaosRun,
  chaosReport,
  hasPassed,
  recoveryTable,
} from './chaos-report.js';
import { planChaos } from './plan-chaos.js';
import { trainUnderChaos } from './train-under-chaos.js';

/** @throws UsageError, JobSpecError, and what the checks of a training throw. */
export async function chaosCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readChaosArguments(words);
  if (given === null) {
    process.stdout.write(`${chaosHelp}\n`);
    return exitCodes.success;
  }
  const workers = given.workers === null ? [] : [`workers.replicas=${given.workers}`];
  const overrides = [...given.overrides, ...workers];
  const job = await readJobArgument({ subject: given.subject, overrides, initFrom: null });
  const display = openOwnDisplay(given.json);
  const folder = given.output === null ? makeFolder() : resolve(given.output);
  const { undisturbed, runs } = await runAll(given, job, folder, display);
  const report = chaosReport(undisturbed, runs);
  const passed = hasPassed(report);
  display.result(
    { kind: 'chaos', passed, ...report },
    verdictText(report, runs, passed ? null : folder),
  );
  // After a failure, what it left tells more.
  if (passed && given.output === null) rmSync(folder, { recursive: true, force: true });
  return passed ? exitCodes.success : exitCodes.internal;
}

async function runAll(
  given: ChaosArguments,
  job: TrainingJob,
  folder: string,
  display: Display,
): Promise<{ undisturbed: ChaosRun; runs: readonly ChaosRun[] }> {
  const train = (name: string, chaos: Parameters<typeof trainUnderChaos>[0]['chaos']) =>
    trainUnderChaos({ job, output: join(folder, name), display, chaos });
  display.note('undisturbed, for comparison:');
  const undisturbed = await train('undisturbed', null);
  const plan = planChaos(given.seed, given.intervals, given.duration);
  const runs: ChaosRun[] = [];
  const start = systemClock.now();
  const elapsed = (): number => systemClock.now() - start;
  // The job is trained to its end again and again until all has been done to it.
  while (
    plan.length > 0 &&
    undisturbed.failure === null &&
    runs.every((run) => run.failure === null)
  ) {
    display.note(`under faults, run ${runs.length + 1}:`);
    runs.push(await train(`run-${runs.length + 1}`, { plan, elapsed }));
  }
  return { undisturbed, runs };
}

function verdictText(
  report: ChaosReport,
  runs: readonly ChaosRun[],
  folder: string | null,
): string {
  const { kills, hangs, coordinator_losses, nats_restarts } = report;
  const share = (100 * report.throughput_kept).toFixed(0);
  return [
    '',
    `${kills} kills, ${hangs} hangs, ${coordinator_losses} losses of the coordinator, ` +
      `${nats_restarts} restarts of nats-server in ${report.runs} runs`,
    ...recoveryTable(runs.flatMap(({ recoveries }) => recoveries)),
    `throughput kept: ${share} %`,
    `committed steps lost: ${report.committed_steps_lost}`,
    `audit: ${report.audit}`,
    ...report.differences.map((difference) => `  ${difference}`),
    report.same_weights
      ? `the same weights as undisturbed: ${report.weights_sha256}`
      : 'NOT the same weights as undisturbed:',
    ...(report.same_weights
      ? []
      : [`  undisturbed ${report.weights_sha256}`, ...runs.map(weightsLine)]),
    ...report.failures.map((failure) => `failed: ${failure}`),
    ...(folder === null ? [] : [`what the runs left: ${folder}`]),
  ].join('\n');
}

const weightsLine = ({ weightsSha256 }: ChaosRun, index: number): string =>
  `  run ${index + 1} ${weightsSha256 ?? 'did not finish'}`;

const folderPrefix = 'lockstep-chaos.';

function makeFolder(): string {
  sweepAbandoned(tmpdir(), (name) => name.startsWith(folderPrefix));
  const folder = join(tmpdir(), `${folderPrefix}${temporaryPart()}`);
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}
