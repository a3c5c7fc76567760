/** Audits the run in a folder: opens what it is compared with, and feeds the ledger to the comparison. */
import { join, resolve } from 'node:path';
import { type Dataset, openDataset } from '../../dataset/dataset.js';
import { DatasetError } from '../../dataset/dataset-error.js';
import { type TrainingView, trainingView } from '../../dataset/training-view.js';
import { ledgerFiles, ledgerFolderOf } from '../../process/history/ledger-file.js';
import { readLines } from '../../process/history/read-lines.js';
import type { Step } from '../../shared/ids.js';
import { jobDigest } from '../../shared/job-spec/job-digest.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import { readsLabels } from '../../shared/job-spec/rules/reads-labels.js';
import { Differences } from '../../shared/ledger/audit/differences.js';
import {
  type AuditExpectation,
  type AuditSummary,
  LedgerAudit,
  type RecomputedPlan,
} from '../../shared/ledger/audit/ledger-audit.js';
import {
  decodeLedgerLine,
  LedgerLineError,
  ledgerVersion,
} from '../../shared/ledger/ledger-line.js';
import { ledgerLineBytes } from '../../shared/limits.js';
import { encodeStepPlan } from '../../shared/messages/step-plan-message.js';
import { JobPlanner } from '../../shared/plan/job-planner.js';
import { laneParts, sharedPart } from '../../shared/plan/plan.js';
import { type Stage, stagesOf } from '../../shared/plan/stages.js';
import { datasetFolder } from '../dataset-folder.js';
import { jobFileOf, readJob } from '../train/output-folder.js';
import { type RunRecord, readRunRecord } from '../train/run-record.js';
import { UsageError } from '../usage-error.js';
import { checkResults, type RunEvidence } from './check-results.js';

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
    readonly evidence: RunEvidence;
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
  const dataset = await openRunDataset(folder, job, record, wish.note);
  if (dataset.opened === null) {
    const differences = new Differences();
    differences.add('dataset', null, dataset.problem);
    return { folder, dataset: dataset.directory, audited: null, differences };
  }
  const view = trainingView(dataset.opened);
  const stages = stagesOf(job, view);
  const recomputed = wish.recompute ?? sequencesOf(stages) <= recomputedUnasked;
  const audit = new LedgerAudit({
    owner: { run: record.id, job_sha256: jobDigest(job) },
    lanes: job.spec.lanes,
    stages,
    sequenceOffsets: view.sequenceOffsets,
    planOf: recomputed ? plansOf(job, view) : null,
  });
  if (dataset.problem !== null) audit.differences.add('dataset', null, dataset.problem);
  await readLedger(folder, files, audit, wish);
  const summary = audit.end();
  const evidence = await checkResults({ folder, job, record, summary }, audit.differences);
  const { differences } = audit;
  const audited = { summary, recomputed, evidence };
  return { folder, dataset: dataset.opened.name, audited, differences };
}

const sequencesOf = (stages: readonly Stage[]): number =>
  stages.reduce((sum, { start, end, job }) => sum + (end - start) * job.spec.batch.sequences, 0);

type RunDataset =
  /** `problem` says whether it is another one than the run's; null where it is the same. */
  | { readonly opened: Dataset; readonly problem: string | null }
  | { readonly opened: null; readonly directory: string; readonly problem: string };

async function openRunDataset(
  folder: string,
  job: TrainingJob,
  { datasetPath, datasetDigest }: RunRecord,
  note: (text: string) => void,
): Promise<RunDataset> {
  const moved = datasetPath === null ? null : resolve(folder, datasetPath);
  const directory = await datasetFolder(job, note, moved);
  const labels = readsLabels(job);
  const opened = await openVerified(directory, labels);
  if (!('digest' in opened)) return { opened: null, directory, problem: opened.message };
  if (opened.digest === datasetDigest) return { opened, problem: null };
  const problem = `the dataset has the digest ${opened.digest}: the run was trained on ${datasetDigest}`;
  return { opened, problem };
}

/** Every byte of it is compared with its manifest; the error says which is another one. */
async function openVerified(directory: string, labels: boolean): Promise<Dataset | DatasetError> {
  try {
    return await openDataset(directory, { verify: 'full', labels });
  } catch (error) {
    if (error instanceof DatasetError && error.code === 'DAMAGED_DATASET') return error;
    throw error;
  }
}

function plansOf(job: TrainingJob, view: TrainingView): AuditExpectation['planOf'] {
  const planner = new JobPlanner(job, view);
  return (at: Step): RecomputedPlan => {
    const plan = planner.plan(at);
    const lanes = laneParts(plan);
    const { sha256 } = encodeStepPlan(sharedPart(plan), lanes).shared;
    return { sha256, lanes: lanes.map(({ users }) => users) };
  };
}

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
