/** Labels of a dataset: for each interaction 1 where it was wanted, 0 where it was not, or neither. */
import { join } from 'node:path';
import { unlabelled } from '../shared/plan/plan-input.js';
import { DatasetError } from './dataset-error.js';
import {
  type DatasetLabels,
  type DatasetManifest,
  labelFileNames,
  labelledDigest,
} from './dataset-manifest.js';
import type { LabelRule } from './tables/fields/label-field.js';
import { damaged, readFlatFile } from './tables/flat-file.js';
import type { Verification } from './verification/verification.js';

/** What the manifest says of labels. */
export function countLabels({ column, atLeast }: LabelRule, labels: Uint8Array): DatasetLabels {
  const count = (wanted: number): number =>
    labels.reduce((sum, label) => (label === wanted ? sum + 1 : sum), 0);
  const counts = { wanted: count(1), unwanted: count(0), unlabelled: count(unlabelled) };
  return { column, atLeast, ...counts };
}

/**
 * The digest that stands for what is read of a dataset.
 *
 * @param labels whether labels are read
 * @throws DatasetError where they are wanted and there are none
 */
export function digestOfRead(
  directory: string,
  manifest: DatasetManifest,
  labels: boolean,
): string {
  if (!labels) return manifest.digest;
  const digest = labelledDigest(manifest);
  const { wanted = 0, unwanted = 0 } = manifest.labels ?? {};
  if (digest !== null && wanted + unwanted > 0) return digest;
  throw new DatasetError(
    'NO_LABELS',
    `Cannot train with objective.targets.kind data on the dataset ${directory}: it has no labels: ` +
      'it should be imported with `lockstep data import --label COLUMN`, or the kind be sampled',
    { file: directory },
  );
}

/**
 * One label for each interaction, or null where the dataset has none.
 *
 * @throws DatasetError
 */
export async function readLabels(
  folder: string,
  { files, counts }: DatasetManifest,
  verification: Verification,
): Promise<Uint8Array | null> {
  const entry = files.find(({ name }) => name === labelFileNames.sequenceLabels);
  if (entry === undefined) return null;
  const file = join(folder, entry.name);
  if (entry.bytes !== counts.interactions) {
    const asked = `its counts ask for ${counts.interactions}`;
    throw damaged(file, `dataset.json lists ${entry.bytes} bytes: ${asked}`);
  }
  const read = await readFlatFile(folder, entry, { verification, Buffer: ArrayBuffer });
  const labels = new Uint8Array(read);
  const wrong = labels.findIndex((label) => label > 1 && label !== unlabelled);
  if (wrong >= 0) {
    throw damaged(file, `value ${wrong} is ${labels[wrong]}: it should be 0, 1 or ${unlabelled}`);
  }
  return labels;
}
