import { DatasetError } from '../../dataset/dataset-error.js';
import { readManifest } from '../../dataset/dataset-manifest.js';
import { verifyDataset } from '../../dataset/verification/verify-dataset.js';

/**
 * The content digest of a dataset folder, after its bytes were compared with it; null where there is
 * no usable manifest.
 *
 * @throws DatasetError naming the file whose bytes are not those of the digest
 */
export async function datasetDigest(directory: string): Promise<string | null> {
  try {
    await readManifest(directory);
  } catch (error) {
    if (error instanceof DatasetError) return null;
    throw error;
  }
  return (await verifyDataset(directory, { verify: 'remembered' })).digest;
}
