/** Compares what a run says it came to, and the weights that it left, with its ledger. */
import { jobDigest } from '../../shared/job-spec/job-digest.js';
import type { Differences } from '../../shared/ledger/audit/differences.js';
import type { AuditSummary } from '../../shared/ledger/audit/ledger-audit.js';
import type { Stage } from '../../shared/plan/stages.js';
import {
  type CheckedCheckpoint,
  checkNewestCheckpoint,
} from '../../worker/inference/checked-checkpoint.js';
import { hashOfCheckpoint } from '../../worker/inference/checkpoint-hash.js';
import type { AuditedRun, ClaimedResult } from './audited-run.js';

/** How a run ended; null where it lasts, or was killed. */
export type AuditedEnd = 'finished' | 'stopped' | 'failed' | null;

/** The newest checkpoint that can be used, every byte read; null where there is none. */
export async function checkCheckpoint(
  run: AuditedRun,
  differences: Differences,
): Promise<CheckedCheckpoint | null> {
  if (run.checkpoints.kind === 'away') return null;
  const { location } = run.checkpoints;
  const { newest, refused } = await checkNewestCheckpoint(location, expectationOf(run));
  for (const text of refused) differences.add('checkpoint', null, text);
  if (newest !== null) {
    compareWeights(newest, newest.claimedSha256, 'its manifest says', differences);
  }
  return newest;
}

/** Bytes of a checkpoint that the ledger has the hash of; null where it has none that can be compared. */
export async function compareState(
  run: AuditedRun & {
    readonly stages: readonly Stage[];
    readonly vocabularySize: number;
    /** Whoever writes the ledger of a run that is not over may hear later of what members have saved. */
    readonly isOver: boolean;
  },
  checkpoint: CheckedCheckpoint,
  { steps, stateHash }: AuditSummary,
  differences: Differences,
): Promise<number | null> {
  const { path, committedSteps, isRolledBack } = checkpoint;
  if (run.isOver && committedSteps > steps) {
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
  result: ClaimedResult | string | null,
  checkpoint: CheckedCheckpoint | null,
  { steps, totalSteps }: AuditSummary,
  differences: Differences,
): AuditedEnd {
  if (result === null) return null;
  if (typeof result === 'string') {
    differences.add('result', null, result);
    return null;
  }
  if (result.kind === 'failed') return 'failed';
  const { committedSteps, weightsSha256, stopped, endedEarly } = result;
  if (committedSteps !== steps) {
    const text = `the result has ${committedSteps} committed steps: the ledger has ${steps}`;
    differences.add('result', null, text);
  }
  if (!stopped && !endedEarly && steps !== totalSteps) {
    const text = `the run has finished, and the ledger has ${steps} of the job's ${totalSteps} steps`;
    differences.add('result', null, text);
  }
  if (checkpoint?.committedSteps === committedSteps) {
    compareWeights(checkpoint, weightsSha256, 'the result says', differences);
  }
  return stopped ? 'stopped' : 'finished';
}

const expectationOf = ({ job, datasetDigest }: AuditedRun) => ({
  jobDigest: jobDigest(job),
  datasetDigest,
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
