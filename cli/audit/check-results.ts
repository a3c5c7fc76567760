/** Compares what a run says it came to, and the weights that it left, with its ledger. */
import { existsSync, readFileSync } from 'node:fs';
import { resultFileOf } from '../../process/history/run-history.js';
import { runResult } from '../../shared/history/history-line.js';
import { jobDigest } from '../../shared/job-spec/job-digest.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import type { Differences } from '../../shared/ledger/audit/differences.js';
import type { AuditSummary } from '../../shared/ledger/audit/ledger-audit.js';
import {
  type CheckedCheckpoint,
  checkNewestCheckpoint,
} from '../../worker/inference/checked-checkpoint.js';
import { checkpointsOf } from '../train/output-folder.js';
import type { RunRecord } from '../train/run-record.js';

export interface AuditedRun {
  readonly folder: string;
  readonly job: TrainingJob;
  readonly record: RunRecord;
  readonly summary: AuditSummary;
}

export interface RunEvidence {
  /** The newest that can be used; null where there is none. */
  readonly checkpoint: CheckedCheckpoint | null;
  /** How the run ended; null where it lasts, or was killed. */
  readonly end: 'finished' | 'stopped' | 'failed' | null;
}

export async function checkResults(
  run: AuditedRun,
  differences: Differences,
): Promise<RunEvidence> {
  const checkpoint = await checkCheckpoint(run, differences);
  const path = resultFileOf(run.folder);
  if (!existsSync(path)) return { checkpoint, end: null };
  const parsed = runResult.safeParse(parse(readFileSync(path, 'utf8')));
  if (!parsed.success) {
    differences.add('result', null, `${path} is no result of a run`);
    return { checkpoint, end: null };
  }
  const result = parsed.data;
  if (result.kind === 'failed') return { checkpoint, end: 'failed' };
  const { steps, totalSteps } = run.summary;
  if (result.committed_steps !== steps) {
    const text = `the result has ${result.committed_steps} committed steps: the ledger has ${steps}`;
    differences.add('result', null, text);
  }
  if (!result.stopped && !result.ended_early && steps !== totalSteps) {
    const text = `the run has finished, and the ledger has ${steps} of the job's ${totalSteps} steps`;
    differences.add('result', null, text);
  }
  if (checkpoint?.committedSteps === result.committed_steps) {
    compareWeights(checkpoint, result.weights_sha256, 'the result says', differences);
  }
  return { checkpoint, end: result.stopped ? 'stopped' : 'finished' };
}

async function checkCheckpoint(
  { folder, job, record, summary }: AuditedRun,
  differences: Differences,
): Promise<CheckedCheckpoint | null> {
  const expected = { jobDigest: jobDigest(job), datasetDigest: record.datasetDigest };
  const { newest, refused } = await checkNewestCheckpoint(checkpointsOf(folder), expected);
  for (const text of refused) differences.add('checkpoint', null, text);
  if (newest === null) return null;
  compareWeights(newest, newest.claimedSha256, 'its manifest says', differences);
  if (newest.committedSteps > summary.steps) {
    const text = `${newest.path} has ${newest.committedSteps} steps: the ledger has ${summary.steps}`;
    differences.add('checkpoint', null, text);
  }
  return newest;
}

function compareWeights(
  { path, weightsSha256 }: CheckedCheckpoint,
  should: string,
  who: string,
  differences: Differences,
): void {
  if (weightsSha256 === should) return;
  const text = `${path} holds weights with SHA-256 ${weightsSha256}: ${who} ${should}`;
  differences.add('checkpoint', null, text);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
