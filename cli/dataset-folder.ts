import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ensureDataset } from '../dataset/built-in/built-in-datasets.js';
import type { TrainingJob } from '../shared/job-spec/job-spec.js';
import { projectRoot } from '../shared/project-root.js';

/** Where built-in datasets are kept. */
const dataRoot = fileURLToPath(new URL('data/', projectRoot));

/**
 * The folder of the job's dataset; a built-in one is fetched and built when it is absent.
 *
 * @param moved where else the job's path may be, if it is not where it was
 * @throws DatasetError
 */
export async function datasetFolder(
  job: TrainingJob,
  note: (text: string) => void,
  moved: string | null = null,
): Promise<string> {
  const { dataset, path: written } = job.spec.data;
  const path = moved !== null && !existsSync(written ?? '') ? moved : written;
  if (path !== written) note(`the dataset is no longer in ${written}: looking in ${path}`);
  let said = false;
  return ensureDataset(dataset ?? path ?? '', dataRoot, () => {
    if (!said) note(`building the dataset ${dataset} in ${dataRoot}`);
    said = true;
  });
}
