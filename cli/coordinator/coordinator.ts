/** `lockstep coordinator FILE`: leads a run whose workers are elsewhere, or stands by for one. */
import { join, resolve } from 'node:path';
import { type FolderLock, lockFolder } from '../../process/ownership/folder-lock.js';
import { readReportOptions } from '../../process/report/report-options.js';
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import { type RunId, runId } from '../../shared/ids.js';
import { goodbyeTimeout } from '../../shared/limits.js';
import { decodeClaim } from '../../shared/run/claim.js';
import { claimKey, claimsBucket } from '../../shared/subjects.js';
import { runCluster } from '../cluster/run-cluster.js';
import { coordinatorHelp } from '../help.js';
import { leaveWithin } from '../leave-within.js';
import type { Display } from '../output/display.js';
import { metricsTable } from '../output/metrics-table.js';
import { openOwnDisplay } from '../output/own-display.js';
import { RunView } from '../output/run-view.js';
import { claimName, type NameClaim } from '../train/claim-name.js';
import { launcherOf, resumeCommand } from '../train/ending/resume-command.js';
import { readJobArgument } from '../train/job/read-job-argument.js';
import { checkpointsOf, hasProgress } from '../train/output-folder.js';
import { asPartOf, type CheckedRun, checkRun, writeRun } from '../train/prepare-run.js';
import { useServer } from '../use-server.js';
import { type CoordinatorArguments, readCoordinatorArguments } from './coordinator-arguments.js';

/** @throws UsageError, JobSpecError, and what `checkRun` throws, before anything is started. */
export async function coordinatorCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readCoordinatorArguments(words);
  if (given === null) {
    process.stdout.write(`${coordinatorHelp}\n`);
    return exitCodes.success;
  }
  // Whatever is wrong with it is said here, and not in a log.
  readReportOptions();
  const job = await readJobArgument(given);
  const display = openOwnDisplay(given.json);
  const output = resolve(given.output ?? join('runs', job.metadata.name));
  const note = (text: string): void => display.note(text);
  const lock = await lockFolder(output, { note });
  let claim: NameClaim | null = null;
  try {
    const { metricsPort, nats: natsUrl, resume } = given;
    const isElsewhere = given.checkpoints !== null;
    const wish = {
      ...{ job, output, resume, natsUrl, metricsPort, note, isElsewhere },
      workers: 0,
    };
    const checked = await checkRun(wish);
    const live = await liveRunOf(natsUrl, checked);
    if (live === null) claim = await claimName(natsUrl, checked, note);
    else note(`a coordinator leads this job already: standing by`);
    const part = live === null ? checked : asPartOf(checked, live);
    return await lead(part, {
      ...{ given, words, output, display, lock, claim, wish },
      standsBy: live !== null,
    });
  } finally {
    await claim?.release();
    lock.release();
    leaveWithin(goodbyeTimeout);
  }
}

/** The run of the same job that someone leads; null where nobody does. */
function liveRunOf(natsUrl: string, { run, jobDigest }: CheckedRun): Promise<RunId | null> {
  return useServer(natsUrl, async (bus) => {
    try {
      const found = await (await bus.openValues(claimsBucket)).get(claimKey(run));
      const claim = found === null ? null : decodeClaim(found.data);
      return claim?.jobSha256 === jobDigest ? runId(claim.run) : null;
    } finally {
      await bus.close();
    }
  });
}

interface Leading {
  readonly given: CoordinatorArguments;
  readonly words: readonly string[];
  readonly output: string;
  readonly display: Display;
  readonly lock: FolderLock;
  readonly claim: NameClaim | null;
  /** Another coordinator leads: this one stands by. */
  readonly standsBy: boolean;
  readonly wish: Parameters<typeof writeRun>[1];
}

async function lead(checked: CheckedRun, leading: Leading): Promise<ExitCode> {
  const { claim, display, given, lock, output, wish, words } = leading;
  const { jobFile, history, ledger } = writeRun(checked, wish, lock);
  const time = (): string => new Date().toISOString();
  const isElsewhere = given.checkpoints !== null;
  const commandTo = (resumes: boolean): string =>
    resumeCommand({
      launcher: launcherOf(process.argv[1], process.env.npm_command),
      workingDirectory: process.cwd(),
      words: ['coordinator', ...words],
      again: !resumes,
    });
  const view = new RunView({
    display,
    history,
    ledger,
    metricsTable,
    next: () => {
      const resumes = hasProgress(output, isElsewhere);
      return { resumes, command: commandTo(resumes) };
    },
    time,
  });
  const cluster = runCluster({
    jobFile,
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
    resume: checked.resume ? 'newest' : null,
    evaluateOnly: false,
    trouble: lock.lost,
    fromBeginning: leading.standsBy,
    onEvent: (event, at) => view.see(event, at),
    onProcess: ({ name, pid, metricsPort }) =>
      metricsPort !== null && display.note(`${name}: pid ${pid}, metrics on port ${metricsPort}`),
  });
  const leave = (): void => {
    const name = checked.run.job;
    display.note(
      `leaving: the run goes on under another coordinator; "lockstep stop ${name}" ends it`,
    );
    cluster.leave();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, leave);
  try {
    return view.end(await cluster.end);
  } catch (error) {
    view.broken(error);
    throw error;
  }
}
