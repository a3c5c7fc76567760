/** Audits the run in a folder: opens what it is compared with, and feeds the ledger to the comparison. */
import { join, resolve } from 'node:path';
import { ledgerFiles, ledgerFolderOf } from '../../process/history/ledger-file.js';
import { readLines } from '../../process/history/read-lines.js';
import { jobDigest } from '../../shared/job-spec/job-digest.js';
import { Differences } from '../../shared/ledger/audit/differences.js';
import { type AuditSummary, LedgerAudit } from '../../shared/ledger/audit/ledger-audit.js';
import {
  decodeLedgerLine,
  LedgerLineError,
  ledgerVersion,
} from '../../shared/ledger/ledger-line.js';
import { ledgerLineBytes } from '../../shared/limits.js';
import { type Stage, stagesOf } from '../../shared/plan/stages.js';
import type { CheckedCheckpoint } from '../../worker/inference/checked-checkpoint.js';
import { jobFileOf, readJob } from '../train/output-folder.js';
import { readRunRecord } from '../train/run-record.js';
import { UsageError } from '../usage-error.js';
import { auditDataset, openPlans } from './audited-dataset.js';
import { type AuditedEnd, checkCheckpoint, checkResult, compareState } from './check-results.js';

/**
 * Sequences of a job up to which its plans are computed again unasked: half a minute on one core, in
 * which a hundred thousand histories are trained for fifty epochs.
 */
const recomputedUnasked = 5_000_000;

export interface AuditWish {
  readonly run: string;
  readonly recompute: boolean | null;
  readonly note: (text: string) => void;
  readonly progress: (step: number, totalSteps: number) => void;
}

export interface AuditOutcome {
  readonly folder: string;
  /** Its name. */
  readonly dataset: string;
  /** Null where the dataset is damaged: nobody can tell then who should have been trained. */
  readonly audited: {
    readonly summary: AuditSummary;
    /** Whether plans were computed again. */
    readonly recomputed: boolean;
    readonly checkpoint: CheckedCheckpoint | null;
    /** Bytes of the checkpoint's state that have the members' hash; null where none could be compared. */
    readonly comparedBytes: number | null;
    readonly end: AuditedEnd;
  } | null;
  readonly differences: Differences;
}

/** @throws UsageError where there is no run, no ledger or no dataset to compare; JobSpecError */
export async function auditRun(wish: AuditWish): Promise<AuditOutcome> {
  const folder = resolve(wish.run);
  const files = ledgerFiles(folder);
  if (files.length === 0) {
    const should = 'it must be the --output of a run that has trained a step';
    throw new UsageError(`Cannot audit "${folder}": it has no ledger: ${should}`);
  }
  const job = readJob(jobFileOf(folder));
  const record = readRunRecord(folder);
  if (record === null) {
    throw new UsageError(`Cannot audit "${folder}": it has no run.json, which says whose it is`);
  }
  const run = { folder, job, record };
  const found = new Differences();
  const dataset = await auditDataset(run, wish.note);
  if (dataset.problem !== null) found.add('dataset', null, dataset.problem);
  if (dataset.kind === 'damaged') {
    return { folder, dataset: dataset.directory, audited: null, differences: found };
  }
  const checkpoint = await checkCheckpoint(run, found);
  const { sequenceOffsets } = dataset;
  const stages = stagesOf(job, { sequenceOffsets });
  const recomputed = wish.recompute ?? sequencesOf(stages) <= recomputedUnasked;
  const audit = new LedgerAudit({
    owner: { run: record.id, job_sha256: jobDigest(job) },
    lanes: job.spec.lanes,
    stages,
    sequenceOffsets,
    planOf: recomputed ? await openPlans(dataset.directory, job) : null,
    hashOf: checkpoint === null ? null : checkpoint.committedSteps - 1,
  });
  const { differences } = audit;
  for (const { kind, text } of found.kept) differences.add(kind, null, text);
  await readLedger(folder, files, audit, wish);
  const summary = audit.end();
  const { vocabularySize } = dataset;
  const comparedBytes =
    checkpoint === null
      ? null
      : await compareState({ ...run, stages, vocabularySize }, checkpoint, summary, differences);
  const end = checkResult(run, checkpoint, summary, differences);
  const audited = { summary, recomputed, checkpoint, comparedBytes, end };
  return { folder, dataset: dataset.name, audited, differences };
}

const sequencesOf = (stages: readonly Stage[]): number =>
  stages.reduce((sum, { start, end, job }) => sum + (end - start) * job.spec.batch.sequences, 0);

async function readLedger(
  folder: string,
  files: readonly string[],
  audit: LedgerAudit,
  { note, progress }: AuditWish,
): Promise<void> {
  for (const [index, name] of files.entries()) {
    let number = 0;
    for await (const line of readLines(join(ledgerFolderOf(folder), name), ledgerLineBytes)) {
      number++;
      const place = `${name}, line ${number}`;
      if (line.kind === 'line') takeLine(audit, line.text, place, progress);
      else if (line.kind === 'torn' && index === files.length - 1) {
        note(`${place}: its end is missing: the run writes it now, or was killed over it`);
      } else {
        audit.differences.add('unreadable', null, `${place}: ${line.kind}`);
      }
    }
  }
}

function takeLine(
  audit: LedgerAudit,
  text: string,
  place: string,
  progress: AuditWish['progress'],
): void {
  try {
    const line = decodeLedgerLine(text);
    if (line.kind === 'ledger' && line.schema_version > ledgerVersion) {
      const what = `schema version ${line.schema_version}: this program reads ${ledgerVersion}`;
      throw new UsageError(`Cannot audit ${place}: it has ${what}`);
    }
    audit.line(line);
    if (line.kind === 'step') progress(line.record.step, audit.totalSteps);
  } catch (error) {
    if (!(error instanceof LedgerLineError)) throw error;
    audit.differences.add('unreadable', null, `${place}: ${error.message}`);
  }
}
