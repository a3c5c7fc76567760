import { DatasetError } from '../../dataset/dataset-error.js';
import { readManifest } from '../../dataset/dataset-manifest.js';

/**
 * The content digest that a folder's manifest vouches for; null where there is no usable dataset.
 * The files themselves are checked against it by the training thread, where time does not matter.
 */
export async function datasetDigest(directory: string): Promise<string | null> {
  try {
    return (await readManifest(directory)).digest;
  } catch (error) {
    if (error instanceof DatasetError) return null;
    throw error;
  }
}
