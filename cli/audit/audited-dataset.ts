/** The dataset that a run is compared with: verified in pieces, and loaded only for what needs it. */
import { resolve } from 'node:path';
import { openDataset, readSequenceOffsets } from '../../dataset/dataset.js';
import { DatasetError } from '../../dataset/dataset-error.js';
import type { DatasetManifest } from '../../dataset/dataset-manifest.js';
import { digestOfRead } from '../../dataset/labels.js';
import { trainingOffsets, trainingView } from '../../dataset/training-view.js';
import { verifyDataset } from '../../dataset/verification/verify-dataset.js';
import type { Step } from '../../shared/ids.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import { readsLabels } from '../../shared/job-spec/rules/reads-labels.js';
import type { RecomputedPlan } from '../../shared/ledger/audit/ledger-audit.js';
import { encodeStepPlan } from '../../shared/messages/step-plan-message.js';
import { JobPlanner } from '../../shared/plan/job-planner.js';
import { laneParts, sharedPart } from '../../shared/plan/plan.js';
import { datasetFolder } from '../dataset-folder.js';
import type { AuditedRun } from './audited-run.js';

export type AuditedDataset =
  | {
      readonly kind: 'whole';
      readonly directory: string;
      readonly name: string;
      /** Of the training part. [users + 1] */
      readonly sequenceOffsets: Uint32Array;
      readonly vocabularySize: number;
      /** Why it is not the run's; null where it is. */
      readonly problem: string | null;
    }
  | { readonly kind: 'damaged'; readonly directory: string; readonly problem: string };

/**
 * Compares every byte with its digest.
 *
 * @throws DatasetError where there is none
 */
export async function auditDataset(
  run: AuditedRun,
  { data, note }: { readonly data: string | null; readonly note: (text: string) => void },
): Promise<AuditedDataset> {
  const { job, datasetDigest, movedDataset } = run;
  const directory = data === null ? await datasetFolder(job, note, movedDataset) : resolve(data);
  const manifest = await verified(directory);
  if (manifest instanceof DatasetError) {
    return { kind: 'damaged', directory, problem: manifest.message };
  }
  const digest = digestOfRead(directory, manifest, readsLabels(job));
  const sequenceOffsets = trainingOffsets(await readSequenceOffsets(directory));
  const problem =
    digest === datasetDigest
      ? null
      : `the dataset has the digest ${digest}: the run was trained on ${datasetDigest}`;
  const { name, counts } = manifest;
  const vocabularySize = counts.vocabulary;
  return { kind: 'whole', directory, name, sequenceOffsets, vocabularySize, problem };
}

/** Plans the job's steps again; all of the dataset is in memory for it. */
export async function openPlans(
  directory: string,
  job: TrainingJob,
): Promise<(at: Step) => RecomputedPlan> {
  const labels = readsLabels(job);
  const dataset = await openDataset(directory, { verify: 'full', labels });
  const planner = new JobPlanner(job, trainingView(dataset));
  return (at) => {
    const plan = planner.plan(at);
    const lanes = laneParts(plan);
    const { sha256 } = encodeStepPlan(sharedPart(plan), lanes).shared;
    return { sha256, lanes: lanes.map(({ users }) => users) };
  };
}

/** The error where a file is another one than was imported. */
async function verified(directory: string): Promise<DatasetManifest | DatasetError> {
  try {
    return await verifyDataset(directory, { verify: 'full' });
  } catch (error) {
    if (error instanceof DatasetError && error.code === 'DAMAGED_DATASET') return error;
    throw error;
  }
}
