/** `lockstep coordinator FILE`: leads a run whose workers are elsewhere, or stands by for one. */
import { join, resolve } from 'node:path';
import { openExporters } from '../../process/exporters/open-exporters.js';
import { type FolderLock, lockFolder } from '../../process/ownership/folder-lock.js';
import { readReportOptions } from '../../process/report/report-options.js';
import type { Bus } from '../../shared/bus.js';
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import { jobId, type RunId, runId } from '../../shared/ids.js';
import { goodbyeTimeout } from '../../shared/limits.js';
import { decodeClaim } from '../../shared/run/claim.js';
import { claimKey, claimsBucket } from '../../shared/subjects.js';
import { makeOperatorToken, operatorWords } from '../cluster/operator-token.js';
import { runCluster } from '../cluster/run-cluster.js';
import { type EarlySignals, endOnEarlySignals } from '../early-signals.js';
import { coordinatorHelp } from '../help.js';
import { leaveWithin } from '../leave-within.js';
import type { Display } from '../output/display/display.js';
import { openOwnDisplay } from '../output/display/own-display.js';
import { metricsTable } from '../output/end/metrics-table.js';
import { RunView, type RunViewOptions } from '../output/run-view.js';
import { claimName, type NameClaim } from '../train/claim-name.js';
import { launcherOf, type NextCommand, resumeCommand } from '../train/ending/resume-command.js';
import { readJobArgument } from '../train/job/read-job-argument.js';
import { checkpointsOf, hasProgress } from '../train/output-folder.js';
import {
  asPartOf,
  type CheckedRun,
  checkRun,
  type RunWish,
  type WrittenRun,
  writeRun,
} from '../train/prepare-run.js';
import { useServer } from '../use-server.js';
import { type CoordinatorArguments, readCoordinatorArguments } from './coordinator-arguments.js';
import { isOwnLeader } from './is-own-leader.js';
import { asPassing, findKnownRun, requireJobOfRun } from './known-run.js';
import { recentStepsInBucket } from './recent-steps-in-bucket.js';
import { tellEndedRun } from './tell-ended-run.js';

/** @throws UsageError, JobSpecError, and what `checkRun` throws, before anything is started. */
export async function coordinatorCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readCoordinatorArguments(words);
  if (given === null) {
    process.stdout.write(`${coordinatorHelp}\n`);
    return exitCodes.success;
  }
  // Whatever is wrong with it is said here, and not in a log.
  readReportOptions();
  const early = endOnEarlySignals(
    (line) => given.json && process.stdout.write(`${JSON.stringify(line)}\n`),
  );
  const job = await readJobArgument(given);
  const display = openOwnDisplay(given.json);
  const output = resolve(given.output ?? join('runs', job.metadata.name));
  const note = (text: string): void => display.note(text);
  const lock = await lockFolder(output, { note });
  let claim: NameClaim | null = null;
  try {
    const { metricsPort, nats: natsUrl, resume } = given;
    const { checkpoints } = given;
    const wish = {
      ...{ job, output, resume, natsUrl, metricsPort, note, checkpoints },
      workers: 0,
    };
    const leading = { given, words, output, display, lock, wish, early };
    if (given.run !== null) return await leadGiven(given.run, leading);
    const checked = await checkRun(wish);
    const live = await liveRunOf(natsUrl, checked);
    if (live === null) claim = await claimName(natsUrl, checked, note);
    else note(standingBy);
    const part = live === null ? checked : asPartOf(checked, live);
    return await lead(part, { ...leading, claim, fromBeginning: live !== null, beyondEnd: false });
  } finally {
    await claim?.release();
    lock.release();
    leaveWithin(goodbyeTimeout);
  }
}

const standingBy = 'a coordinator leads this job already: standing by';

/**
 * Leads a run whose id is given, or stands by for it: begins it, or goes on with it where it has begun,
 * whatever this folder knows. Which of them leads, the coordinators settle among themselves.
 */
async function leadGiven(id: RunId, leading: LeadingGiven): Promise<ExitCode> {
  const { display, given, wish } = leading;
  const run = { job: jobId(wish.job.metadata.name), run: id };
  const known = await onServer(given.nats, (bus) => findKnownRun(bus, run));
  if (known.isOver && given.resume !== 'required') {
    display.note(`the run ${id} is over already`);
    const next = { resumes: true, command: commandOf(leading.words, true) };
    const view = viewOf(display, () => next, null);
    return onServer(given.nats, (bus) => tellEndedRun(bus, run, view));
  }
  const checked = await checkRun({ ...wish, runId: id, knownJob: known.job }).catch((error) => {
    throw known.job === null ? error : asPassing(error);
  });
  requireJobOfRun(known, run, checked.job);
  if (known.isLed) display.note(standingBy);
  return lead(checked, { ...leading, claim: null, fromBeginning: true, beyondEnd: known.isOver });
}

/** With `reconnect`, a server that is electing now is no mistake of the user's. */
const onServer = <Result>(url: string, work: (bus: Bus) => Promise<Result>): Promise<Result> =>
  useServer(url, (bus) => work(bus).finally(() => bus.close()), { reconnect: true });

/** The run of the same job that someone leads; null where nobody does. */
function liveRunOf(natsUrl: string, { run, jobDigest }: CheckedRun): Promise<RunId | null> {
  return onServer(natsUrl, async (bus) => {
    const found = await (await bus.openValues(claimsBucket)).get(claimKey(run));
    const claim = found === null ? null : decodeClaim(found.data);
    return claim?.jobSha256 === jobDigest ? runId(claim.run) : null;
  });
}

interface LeadingGiven {
  readonly given: CoordinatorArguments;
  readonly words: readonly string[];
  readonly output: string;
  readonly display: Display;
  readonly lock: FolderLock;
  readonly early: EarlySignals;
  readonly wish: RunWish;
}

interface Leading extends LeadingGiven {
  readonly claim: NameClaim | null;
  /** Tells what the run's log has already, too: another coordinator leads, or has led. */
  readonly fromBeginning: boolean;
  /** The run has ended, and is gone on with. */
  readonly beyondEnd: boolean;
}

const commandOf = (words: readonly string[], resumes: boolean): string =>
  resumeCommand({
    launcher: launcherOf(process.argv[1], process.env.npm_command),
    workingDirectory: process.cwd(),
    words: ['coordinator', ...words],
    again: !resumes,
  });

const viewOf = (
  display: Display,
  next: () => NextCommand,
  written: Pick<WrittenRun, 'history' | 'ledger'> | null,
  exporters: NonNullable<RunViewOptions['exporters']> = () => null,
): RunView =>
  new RunView({
    display,
    exporters,
    history: written?.history ?? null,
    ledger: written?.ledger ?? null,
    metricsTable,
    next,
    time: () => new Date().toISOString(),
  });

async function lead(checked: CheckedRun, leading: Leading): Promise<ExitCode> {
  const { claim, display, given, lock, output, wish, words } = leading;
  const recentSteps = checked.continues
    ? await recentStepsInBucket(checked.record.checkpoints, (text) => display.note(text))
    : null;
  const written = writeRun(checked, wish, lock, recentSteps);
  const isElsewhere = given.checkpoints !== null;
  const next = (): NextCommand => {
    const resumes = hasProgress(output, isElsewhere);
    return { resumes, command: commandOf(words, resumes) };
  };
  const note = (text: string): void => display.note(text);
  const operator = given.dashboardPort === null ? null : makeOperatorToken(output, note);
  const view = viewOf(display, next, written, (warn) =>
    openExporters({ run: checked.run.run, job: checked.job, output, leads: false, warn }),
  );
  const cluster = runCluster({
    jobFile: written.jobFile,
    run: checked.run,
    jobDigest: checked.jobDigest,
    claim: claim?.token ?? null,
    datasetDirectory: checked.datasetDirectory,
    output,
    checkpoints: given.checkpoints ?? checkpointsOf(output),
    workers: 0,
    natsUrl: given.nats,
    metricsPort: given.metricsPort,
    metricsHost: given.metricsHost,
    dashboardPort: given.dashboardPort,
    dashboardHost: given.dashboardHost,
    operatorTokenFile: operator?.file ?? null,
    resume: checked.resume ? 'newest' : null,
    evaluateOnly: false,
    trouble: lock.lost,
    fromBeginning: leading.fromBeginning,
    beyondEnd: leading.beyondEnd,
    grace: given.grace,
    resumeIfAny: given.run !== null && given.resume === 'if-any',
    onEvent: (event, at) => view.see(event, at),
    onEntry: ({ entry, time }) => {
      if (entry.kind === 'led') view.leads(isOwnLeader(entry.coordinator, cluster.pids()), time);
    },
    onProcess: ({ dashboardPort, metricsPort, name, pid }) => {
      if (metricsPort !== null) display.note(`${name}: pid ${pid}, metrics on port ${metricsPort}`);
      if (dashboardPort === null) return;
      display.note(`dashboard: http://${given.dashboardHost ?? '127.0.0.1'}:${dashboardPort}/`);
      if (operator?.file != null) display.note(operatorWords(operator.file));
    },
  });
  const leave = (): void => {
    const name = checked.run.job;
    display.note(
      `leaving: the run goes on under another coordinator; "lockstep stop ${name}" ends it`,
    );
    cluster.leave();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, leave);
  leading.early.close();
  try {
    const code = view.end(await cluster.end);
    await view.delivered();
    return code;
  } catch (error) {
    view.broken(error);
    await view.delivered();
    throw error;
  } finally {
    operator?.remove();
  }
}
