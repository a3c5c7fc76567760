import { existsSync } from 'node:fs';
import { ensureDataset } from '../dataset/built-in/built-in-datasets.js';
import { dataRootFor } from '../dataset/built-in/data-root.js';
import type { TrainingJob } from '../shared/job-spec/job-spec.js';
import { readsLabels } from '../shared/job-spec/rules/reads-labels.js';
import { shownPath } from './output/text/shown-path.js';

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
  const name = dataset ?? path ?? '';
  const dataRoot = await dataRootFor(name);
  let said = false;
  const progress = (): void => {
    // Whoever reads a log does not know in which folder it was written.
    const place = process.stdout.isTTY ? shownPath(dataRoot, process.cwd()) : dataRoot;
    if (!said) note(`building the dataset ${dataset} in ${place}`);
    said = true;
  };
  return ensureDataset(name, dataRoot, { progress, labels: readsLabels(job) });
}
