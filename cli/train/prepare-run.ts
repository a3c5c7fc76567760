/** What a run needs before its first process starts: everything is checked, then the folder is written. */
import { randomBytes } from 'node:crypto';
import { relative } from 'node:path';
import { readManifest } from '../../dataset/dataset-manifest.js';
import { digestOfRead } from '../../dataset/labels.js';
import { LedgerFile } from '../../process/history/ledger-file.js';
import { checkHistory, RunHistory } from '../../process/history/run-history.js';
import type { FolderLock } from '../../process/ownership/folder-lock.js';
import { jobId, type RunId } from '../../shared/ids.js';
import { jobDigest, wholeJobDigest } from '../../shared/job-spec/job-digest.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import { readsLabels } from '../../shared/job-spec/rules/reads-labels.js';
import { makeRunId, type RunAddress, runIdBytes } from '../../shared/run/run-id.js';
import { isBucket } from '../../storage/location.js';
import type { ResumeWish } from '../arguments.js';
import { checkStart } from '../check-start.js';
import { datasetFolder } from '../dataset-folder.js';
import { heldRun, recordOfGiven } from './given-run.js';
import { checkPretrained } from './job/check-pretrained.js';
import { chooseWeights } from './job/choose-weights.js';
import { choosePretrained } from './job/read-pretrained-job.js';
import {
  checkOutput,
  checkpointsOf,
  checkSameJob,
  decideResume,
  decideRun,
  earlierJob,
  sweepOutput,
  writeOutput,
} from './output-folder.js';
import { type RunRecord, withWorkers } from './run-record.js';

export interface RunWish {
  readonly job: TrainingJob;
  readonly output: string;
  readonly resume: ResumeWish;
  /** A server that exists; null starts one of our own. */
  readonly natsUrl: string | null;
  readonly metricsPort: number | null;
  /** Processes of this machine that work. */
  readonly workers: number;
  readonly note: (text: string) => void;
  /** A bucket, another folder, or `workers`; null, or left out: in the run's folder. */
  readonly checkpoints?: string | null;
  /** The run's id where whoever starts this has given it one; null makes one. */
  readonly runId?: RunId | null;
  /** What that run trains, where it has begun already. */
  readonly knownJob?: TrainingJob | null;
}

/** Nothing has been written yet. */
export interface CheckedRun {
  readonly job: TrainingJob;
  readonly jobDigest: string;
  readonly run: RunAddress;
  readonly datasetDirectory: string;
  readonly resume: boolean;
  readonly record: RunRecord;
  /** A folder may hold what an attempt without a checkpoint left: that run is another one. */
  readonly continues: boolean;
}

/** @throws UsageError, and what `checkStart` throws; then everything is as it was. */
export async function checkRun(wish: RunWish): Promise<CheckedRun> {
  const { output, natsUrl, metricsPort, note, workers, checkpoints = null, runId = null } = wish;
  const isElsewhere = checkpoints !== null;
  const held = runId === null ? null : heldRun(output, runId);
  const resume =
    runId === null ? decideResume(output, wish.resume, isElsewhere) : wish.resume !== 'never';
  const goesOn = runId === null ? resume : held !== null;
  const earlier =
    wish.job.spec.init === undefined
      ? null
      : (wish.knownJob ?? (goesOn ? earlierJob(output) : null));
  const job = await choosePretrained(chooseWeights(wish.job, earlier));
  if (runId === null) checkOutput(output, job, resume, isElsewhere);
  else if (held !== null) checkSameJob(output, job);
  const datasetDirectory = await datasetFolder(job, note);
  const manifest = await readManifest(datasetDirectory);
  const datasetDigest = digestOfRead(datasetDirectory, manifest, readsLabels(job));
  const newId = runId ?? makeRunId('training', randomBytes(runIdBytes));
  const datasetPath = job.spec.data.path === undefined ? null : relative(output, datasetDirectory);
  const record =
    runId === null
      ? decideRun(output, {
          ...{ job, resume, datasetDigest, datasetPath, newId, checkpoints },
        })
      : recordOfGiven(output, held, { id: runId, datasetDigest, datasetPath, checkpoints });
  const continues = runId === null ? record.id !== newId : held !== null;
  if (continues) checkHistory(output);
  await checkPretrained(job, { datasetDirectory, vocabulary: manifest.counts.vocabulary, note });
  await checkStart({ job, datasetDirectory, workers, metricsPort, natsUrl });
  const run = { job: jobId(job.metadata.name), run: record.id };
  return { job, jobDigest: wholeJobDigest(job), run, datasetDirectory, resume, record, continues };
}

/** The same as a part of a run that is live already, under its id. */
export const asPartOf = (checked: CheckedRun, id: RunId): CheckedRun => ({
  ...checked,
  run: { ...checked.run, run: id },
  record: { ...checked.record, id },
});

export interface WrittenRun {
  /** The resolved job as a file. */
  readonly jobFile: string;
  readonly history: RunHistory;
  readonly ledger: LedgerFile;
}

/**
 * Everything has been checked: only now is anything written.
 *
 * @param recentSteps that lay beside the checkpoints, where these are in a bucket
 */
export function writeRun(
  { job, record, continues }: CheckedRun,
  { output, note }: Pick<RunWish, 'output' | 'note'>,
  lock: FolderLock,
  recentSteps: string | null = null,
): WrittenRun {
  sweepOutput(output);
  const jobFile = writeOutput(output, job, record);
  const leaves = {
    folder: output,
    resume: continues,
    owner: { run: record.id, job: job.metadata.name, job_sha256: jobDigest(job) },
    time: new Date().toISOString(),
    onTrouble: note,
  };
  const { checkpoints } = record;
  const isFolder = checkpoints !== null && checkpoints !== withWorkers && !isBucket(checkpoints);
  const history = RunHistory.open({
    ...leaves,
    checkpoints: isFolder ? checkpoints : checkpointsOf(output),
    recentSteps,
  });
  const ledger = LedgerFile.open(leaves);
  void lock.lost.then(() => {
    history.abandon();
    ledger.close();
  });
  return { jobFile, history, ledger };
}
