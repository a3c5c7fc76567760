/** Audits a run: opens what it is compared with, and feeds the ledger to the comparison. */
import { jobDigest } from '../../shared/job-spec/job-digest.js';
import { Differences } from '../../shared/ledger/audit/differences.js';
import { type AuditSummary, LedgerAudit } from '../../shared/ledger/audit/ledger-audit.js';
import { type Stage, stagesOf } from '../../shared/plan/stages.js';
import type { CheckedCheckpoint } from '../../worker/inference/checked-checkpoint.js';
import { auditDataset, openPlans } from './audited-dataset.js';
import type { AuditSource, LedgerReading } from './audited-run.js';
import { type AuditedEnd, checkCheckpoint, checkResult, compareState } from './check-results.js';

/**
 * Sequences of a job up to which its plans are computed again unasked: half a minute on one core, in
 * which a hundred thousand histories are trained for fifty epochs.
 */
const recomputedUnasked = 5_000_000;

export interface AuditWish extends LedgerReading {
  /** Where the dataset is; null where the run says. */
  readonly data: string | null;
  readonly recompute: boolean | null;
}

export interface AuditOutcome {
  /** The run's folder, or its job's name on the nats-server. */
  readonly run: string;
  /** Its name. */
  readonly dataset: string;
  /** Null where the dataset is damaged: nobody can tell then who should have been trained. */
  readonly audited: {
    readonly summary: AuditSummary;
    /** Whether plans were computed again. */
    readonly recomputed: boolean;
    readonly checkpoint: CheckedCheckpoint | null;
    /** Why no checkpoint was looked for; null where one was. */
    readonly checkpointsAway: string | null;
    /** Bytes of the checkpoint's state that have the members' hash; null where none could be compared. */
    readonly comparedBytes: number | null;
    readonly end: AuditedEnd;
  } | null;
  readonly differences: Differences;
}

/** @throws DatasetError where there is no dataset to compare with; BusLostError, BusRefusedError */
export async function auditRun(source: AuditSource, wish: AuditWish): Promise<AuditOutcome> {
  const { run } = source;
  const { job, name } = run;
  const found = new Differences();
  const dataset = await auditDataset(run, wish);
  if (dataset.problem !== null) found.add('dataset', null, dataset.problem);
  if (dataset.kind === 'damaged') {
    return { run: name, dataset: dataset.directory, audited: null, differences: found };
  }
  const checkpoint = await checkCheckpoint(run, found);
  const { sequenceOffsets } = dataset;
  const stages = stagesOf(job, { sequenceOffsets });
  const recomputed = wish.recompute ?? sequencesOf(stages) <= recomputedUnasked;
  const audit = new LedgerAudit({
    owner: { run: run.id, job_sha256: jobDigest(job) },
    lanes: job.spec.lanes,
    stages,
    sequenceOffsets,
    planOf: recomputed ? await openPlans(dataset.directory, job) : null,
    hashOf: checkpoint === null ? null : checkpoint.committedSteps - 1,
  });
  const { differences } = audit;
  for (const { kind, text } of found.kept) differences.add(kind, null, text);
  await source.readLedger(audit, wish);
  const summary = audit.end();
  const { vocabularySize } = dataset;
  const result = source.result();
  const compared = { ...run, stages, vocabularySize, isOver: result !== null };
  const comparedBytes =
    checkpoint === null ? null : await compareState(compared, checkpoint, summary, differences);
  const end = checkResult(result, checkpoint, summary, differences);
  const checkpointsAway = run.checkpoints.kind === 'away' ? run.checkpoints.reason : null;
  const audited = { summary, recomputed, checkpoint, checkpointsAway, comparedBytes, end };
  return { run: name, dataset: dataset.name, audited, differences };
}

const sequencesOf = (stages: readonly Stage[]): number =>
  stages.reduce((sum, { start, end, job }) => sum + (end - start) * job.spec.batch.sequences, 0);
