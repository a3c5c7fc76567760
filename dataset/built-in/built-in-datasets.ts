/** Datasets that Lockstep can fetch and build by itself, by name. */
import { isAbsolute, join, resolve } from 'node:path';
import { DatasetError } from '../dataset-error.js';
import { formatVersion, isDataset, manifestName, readManifest } from '../dataset-manifest.js';
import type { ImportProgress } from '../import/import-options.js';
import { buildMovieLens } from './movielens.js';

type Build = (
  output: string,
  progress?: (event: ImportProgress) => void,
) => Promise<{ readonly directory: string }>;

const builds: ReadonlyMap<string, Build> = new Map([['movielens-100k', buildMovieLens]]);

export const builtInDatasets: readonly string[] = [...builds.keys()];

/**
 * Builds a built-in dataset as a new folder.
 *
 * @throws DatasetError
 */
export async function buildDataset(
  name: string,
  output: string,
  progress?: (event: ImportProgress) => void,
): Promise<string> {
  const build = builds.get(name);
  if (build === undefined) {
    throw new DatasetError(
      'UNKNOWN_DATASET',
      `Cannot build the dataset ${name}: it should be one of ${builtInDatasets.join(', ')}`,
    );
  }
  return (await build(output, progress)).directory;
}

/** The format is in the name: a newer Lockstep builds its own beside an older one's. */
export const builtInFolder = (name: string, dataRoot: string): string =>
  join(resolve(dataRoot), `${name}-v${formatVersion}`);

export interface Wish {
  readonly progress?: (event: ImportProgress) => void;
  /** Whether a built-in dataset must have its labels; default: not. */
  readonly labels?: boolean;
}

/**
 * The folder of a dataset: that of a built-in name under `dataRoot`, fetched and built when it is
 * absent, or else the folder at this path.
 *
 * @throws DatasetError
 */
export async function ensureDataset(
  nameOrPath: string,
  dataRoot: string,
  { progress, labels = false }: Wish = {},
): Promise<string> {
  if (!builds.has(nameOrPath)) return requirePath(nameOrPath);
  const usual = builtInFolder(nameOrPath, dataRoot);
  if (await suffices(usual, labels)) return usual;
  // An earlier Lockstep built it without labels, and its runs name its folder: it stays.
  const directory = (await isDataset(usual)) ? `${usual}-labels` : usual;
  if (await isDataset(directory)) return directory;
  try {
    await buildDataset(nameOrPath, directory, progress);
  } catch (error) {
    // Two processes may build at once; the folder of the one that was first is as good.
    const lost = error instanceof DatasetError && error.code === 'OUTPUT_EXISTS';
    if (!lost || !(await isDataset(directory))) throw error;
  }
  return directory;
}

async function suffices(directory: string, labels: boolean): Promise<boolean> {
  if (!(await isDataset(directory))) return false;
  return !labels || (await readManifest(directory)).labels !== undefined;
}

async function requirePath(path: string): Promise<string> {
  if (await isDataset(path)) return resolve(path);
  const looksLikeName = !isAbsolute(path) && !/[/\\.]/.test(path);
  throw new DatasetError(
    looksLikeName ? 'UNKNOWN_DATASET' : 'NOT_A_DATASET',
    `Cannot find the dataset ${path}: it is no folder with a ${manifestName}: it should be one, ` +
      `or one of the built-in names: ${builtInDatasets.join(', ')}`,
    { file: path },
  );
}
