/** Trains a job into a folder: checks everything, then writes, then starts the processes. */
import { randomBytes } from 'node:crypto';
import { relative } from 'node:path';
import { readManifest } from '../../dataset/dataset-manifest.js';
import { digestOfRead } from '../../dataset/labels.js';
import { LedgerFile } from '../../process/history/ledger-file.js';
import { checkHistory, RunHistory } from '../../process/history/run-history.js';
import { type FolderLock, lockFolder } from '../../process/ownership/folder-lock.js';
import type { ExitCode } from '../../shared/exit-codes.js';
import { jobId } from '../../shared/ids.js';
import { jobDigest, wholeJobDigest } from '../../shared/job-spec/job-digest.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import { readsLabels } from '../../shared/job-spec/rules/reads-labels.js';
import { makeRunId, runIdBytes } from '../../shared/run/run-id.js';
import type { ResumeWish } from '../arguments.js';
import { checkStart } from '../check-start.js';
import { datasetFolder } from '../dataset-folder.js';
import type { Display } from '../output/display.js';
import { metricsTable } from '../output/metrics-table.js';
import { claimName, type NameClaim } from './claim-name.js';
import { checkPretrained } from './job/check-pretrained.js';
import { chooseWeights } from './job/choose-weights.js';
import { choosePretrained } from './job/read-pretrained-job.js';
import {
  checkOutput,
  checkpointsOf,
  decideResume,
  decideRun,
  earlierJob,
  hasCheckpoints,
  sweepOutput,
  writeOutput,
} from './output-folder.js';
import type { RunEntries } from './run-job.js';
import { watchRun } from './watch-run.js';

export interface TrainOptions {
  readonly job: TrainingJob;
  readonly output: string;
  readonly resume: ResumeWish;
  /** A server that exists; null starts one of our own. */
  readonly natsUrl: string | null;
  readonly metricsPort: number | null;
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
  try {
    const { job: wish, output, natsUrl, display } = options;
    const note = (text: string): void => display.note(text);
    const resume = decideResume(output, options.resume);
    const earlier = resume && wish.spec.init !== undefined ? earlierJob(output) : null;
    const job = await choosePretrained(chooseWeights(wish, earlier));
    checkOutput(output, job, resume);
    const datasetDirectory = await datasetFolder(job, note);
    const manifest = await readManifest(datasetDirectory);
    const datasetDigest = digestOfRead(datasetDirectory, manifest, readsLabels(job));
    const newId = makeRunId('training', randomBytes(runIdBytes));
    const datasetPath =
      job.spec.data.path === undefined ? null : relative(output, datasetDirectory);
    const record = decideRun(output, { job, resume, datasetDigest, datasetPath, newId });
    // A folder may hold what an attempt without a checkpoint left: that run is another one.
    const continues = record.id !== newId;
    if (continues) checkHistory(output);
    const run = { job: jobId(job.metadata.name), run: record.id };
    const workers = job.spec.workers.replicas;
    const { metricsPort } = options;
    await checkPretrained(job, { datasetDirectory, vocabulary: manifest.counts.vocabulary, note });
    await checkStart({ job, datasetDirectory, workers, metricsPort, natsUrl });
    claim = natsUrl === null ? null : await claimName(natsUrl, run, note);
    // Everything has been checked: only now is anything written.
    sweepOutput(output);
    const jobFile = writeOutput(output, job, record);
    const leaves = {
      folder: output,
      resume: continues,
      owner: { run: record.id, job: job.metadata.name, job_sha256: jobDigest(job) },
      time: new Date().toISOString(),
      onTrouble: note,
    };
    const history = RunHistory.open(leaves);
    const ledger = LedgerFile.open(leaves);
    void lock.lost.then(() => {
      history.abandon();
      ledger.close();
    });
    return await watchRun({
      display,
      history,
      ledger,
      metricsTable,
      next: () => {
        const resumes = hasCheckpoints(output);
        return { resumes, command: options.commandTo(resumes ? 'resume' : 'begin') };
      },
      run: {
        jobFile,
        run,
        jobDigest: wholeJobDigest(job),
        claim: claim?.token ?? null,
        datasetDirectory,
        output,
        checkpoints: checkpointsOf(output),
        workers,
        natsUrl,
        metricsPort,
        resume: resume ? 'newest' : null,
        evaluateOnly: false,
        trouble: lock.lost,
        ...(options.entries && { entries: options.entries }),
      },
    });
  } finally {
    await giveBack(lock, claim);
  }
}

/** The name first: who waits for the folder may train under it at once. */
async function giveBack(lock: FolderLock, claim: NameClaim | null): Promise<void> {
  try {
    await claim?.release();
  } finally {
    lock.release();
  }
}
