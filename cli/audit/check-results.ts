/** Compares what a run says it came to, and the weights that it left, with its ledger. */
import { existsSync, readFileSync } from 'node:fs';
import { resultFileOf } from '../../process/history/run-history.js';
import { runResult } from '../../shared/history/history-line.js';
import { jobDigest } from '../../shared/job-spec/job-digest.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import type { Differences } from '../../shared/ledger/audit/differences.js';
import type { AuditSummary } from '../../shared/ledger/audit/ledger-audit.js';
import type { Stage } from '../../shared/plan/stages.js';
import {
  type CheckedCheckpoint,
  checkNewestCheckpoint,
} from '../../worker/inference/checked-checkpoint.js';
import { hashOfCheckpoint } from '../../worker/inference/checkpoint-hash.js';
import { checkpointsOf } from '../train/output-folder.js';
import type { RunRecord } from '../train/run-record.js';

export interface AuditedRun {
  readonly folder: string;
  readonly job: TrainingJob;
  readonly record: RunRecord;
}

/** How a run ended; null where it lasts, or was killed. */
export type AuditedEnd = 'finished' | 'stopped' | 'failed' | null;

/** The newest checkpoint that can be used, every byte read; null where there is none. */
export async function checkCheckpoint(
  run: AuditedRun,
  differences: Differences,
): Promise<CheckedCheckpoint | null> {
  const { newest, refused } = await checkNewestCheckpoint(
    checkpointsOf(run.folder),
    expectationOf(run),
  );
  for (const text of refused) differences.add('checkpoint', null, text);
  if (newest !== null) {
    compareWeights(newest, newest.claimedSha256, 'its manifest says', differences);
  }
  return newest;
}

/** Bytes of a checkpoint that the ledger has the hash of; null where it has none that can be compared. */
export async function compareState(
  run: AuditedRun & { readonly stages: readonly Stage[]; readonly vocabularySize: number },
  checkpoint: CheckedCheckpoint,
  { steps, stateHash }: AuditSummary,
  differences: Differences,
): Promise<number | null> {
  const { path, committedSteps, isRolledBack } = checkpoint;
  if (committedSteps > steps) {
    const text = `${path} has ${committedSteps} steps: the ledger has ${steps}`;
    differences.add('checkpoint', null, text);
  }
  // At the border of a stage, and behind a roll-back, it is of another state than the step left.
  const isOther = isRolledBack || run.stages.some(({ start }) => start === committedSteps);
  if (stateHash === null || isOther) return null;
  const { stages, vocabularySize } = run;
  const hashed = { path, committedSteps, expected: expectationOf(run), stages, vocabularySize };
  const found = await hashOfCheckpoint(hashed, stateHash);
  const { from, to, value } = stateHash;
  if (found?.value === value) return to - from;
  const is = found === null ? 'ends before them' : `has ${found.value}`;
  const text = `${path}: the members agreed on the hash ${value} of bytes ${from} to ${to}: it ${is}`;
  differences.add('checkpoint', committedSteps - 1, text);
  return null;
}

export function checkResult(
  { folder }: AuditedRun,
  checkpoint: CheckedCheckpoint | null,
  { steps, totalSteps }: AuditSummary,
  differences: Differences,
): AuditedEnd {
  const path = resultFileOf(folder);
  if (!existsSync(path)) return null;
  const parsed = runResult.safeParse(parse(readFileSync(path, 'utf8')));
  if (!parsed.success) {
    differences.add('result', null, `${path} is no result of a run`);
    return null;
  }
  const result = parsed.data;
  if (result.kind === 'failed') return 'failed';
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
  return result.stopped ? 'stopped' : 'finished';
}

const expectationOf = ({ job, record }: AuditedRun) => ({
  jobDigest: jobDigest(job),
  datasetDigest: record.datasetDigest,
});

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
