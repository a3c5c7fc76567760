import { DatasetError } from '../../dataset/dataset-error.js';
import { labelledDigest, readManifest } from '../../dataset/dataset-manifest.js';
import { verifyDataset } from '../../dataset/verification/verify-dataset.js';

/**
 * The digest of a dataset folder, after its bytes were compared with it; null where there is no usable
 * manifest.
 *
 * @param wanted of the content, or of the content with its labels: which of the two is told
 * @throws DatasetError naming the file whose bytes are not those of the digest
 */
export async function datasetDigest(directory: string, wanted: string): Promise<string | null> {
  try {
    await readManifest(directory);
  } catch (error) {
    if (error instanceof DatasetError) return null;
    throw error;
  }
  const manifest = await verifyDataset(directory, { verify: 'remembered' });
  return labelledDigest(manifest) === wanted ? wanted : manifest.digest;
}
