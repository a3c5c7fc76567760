/** Trains a job into a folder: checks everything, then writes, then starts the processes. */

import { openExporters } from '../../process/exporters/open-exporters.js';
import { freePort } from '../../process/free-ports.js';
import { type FolderLock, lockFolder } from '../../process/ownership/folder-lock.js';
import type { ExitCode } from '../../shared/exit-codes.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import type { ResumeWish } from '../arguments.js';
import type { RunEntries } from '../cluster/cluster-processes.js';
import { makeOperatorToken, type OperatorToken } from '../cluster/operator-token.js';
import type { Display } from '../output/display/display.js';
import { metricsTable } from '../output/end/metrics-table.js';
import { ownCommand } from '../output/text/own-command.js';
import { shownPath } from '../output/text/shown-path.js';
import { claimName, type NameClaim } from './claim-name.js';
import { checkpointsOf, hasCheckpoints } from './output-folder.js';
import { checkRun, writeRun } from './prepare-run.js';
import { watchRun } from './watch-run.js';

export interface TrainOptions {
  readonly job: TrainingJob;
  readonly output: string;
  readonly resume: ResumeWish;
  /** A server that exists; null starts one of our own. */
  readonly natsUrl: string | null;
  readonly metricsPort: number | null;
  /** 0 takes a free one; null serves no dashboard. */
  readonly dashboardPort: number | null;
  readonly display: Display;
  /** The command that goes on from a checkpoint, or runs the same again. */
  readonly commandTo: (goOn: 'resume' | 'begin') => string;
  readonly entries?: RunEntries;
}

/**
 * @throws UsageError, FolderBusyError, FolderUnusableError, RunLiveError, and what `checkStart`
 *   throws, before anything is started; then the folder is as it was.
 */
export async function trainJob(options: TrainOptions): Promise<ExitCode> {
  const lock = await lockFolder(options.output, { note: (text) => options.display.note(text) });
  let claim: NameClaim | null = null;
  let operator: OperatorToken | null = null;
  try {
    const { output, natsUrl, display, metricsPort } = options;
    const workers = options.job.spec.workers.replicas;
    const wish = { ...options, workers, note: (text: string) => display.note(text) };
    const checked = await checkRun(wish);
    claim = natsUrl === null ? null : await claimName(natsUrl, checked, wish.note);
    const { jobFile, history, ledger } = writeRun(checked, wish, lock);
    operator = options.dashboardPort === null ? null : makeOperatorToken(output, wish.note);
    return await watchRun({
      display,
      history,
      ledger,
      exporters: (warn) =>
        openExporters({ run: checked.run.run, job: checked.job, output, leads: true, warn }),
      metricsTable,
      afterwards: ['dashboard', 'export'].map((use) =>
        ownCommand([use, shownPath(output, process.cwd())]),
      ),
      next: () => {
        const resumes = hasCheckpoints(output);
        return { resumes, command: options.commandTo(resumes ? 'resume' : 'begin') };
      },
      run: {
        jobFile,
        run: checked.run,
        jobDigest: checked.jobDigest,
        claim: claim?.token ?? null,
        datasetDirectory: checked.datasetDirectory,
        output,
        checkpoints: checkpointsOf(output),
        workers,
        natsUrl,
        metricsPort,
        dashboardPort: await lastingPort(options.dashboardPort),
        operatorTokenFile: operator?.file ?? null,
        resume: checked.resume ? 'newest' : null,
        evaluateOnly: false,
        trouble: lock.lost,
        ...(options.entries && { entries: options.entries }),
      },
    });
  } finally {
    operator?.remove();
    await giveBack(lock, claim);
  }
}

/** One that a coordinator which is started again takes again: viewers go on there. */
const lastingPort = async (wanted: number | null): Promise<number | null> =>
  wanted === 0 ? freePort() : wanted;

/** The name first: who waits for the folder may train under it at once. */
async function giveBack(lock: FolderLock, claim: NameClaim | null): Promise<void> {
  try {
    await claim?.release();
  } finally {
    lock.release();
  }
}
