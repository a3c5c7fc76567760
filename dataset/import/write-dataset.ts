/** Writes a dataset folder: under a temporary name first, so that a folder is always a whole dataset. */
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import {
  isPartial,
  sweepAbandoned,
  temporaryName,
} from '../../process/ownership/temporary-name.js';
import { DatasetError } from '../dataset-error.js';
import {
  contentDigest,
  type DatasetLabels,
  type DatasetManifest,
  type FileRole,
  fileNames,
  formatVersion,
  type ImportFindings,
  type LabelFileRole,
  labelFileNames,
  manifestName,
  type TextFileRole,
  textFileNames,
} from '../dataset-manifest.js';
import { type FileEntry, writeFlatFile } from '../tables/flat-file.js';

const everyName = { ...fileNames, ...textFileNames, ...labelFileNames };

export interface DatasetContent {
  readonly name: string;
  readonly counts: DatasetManifest['counts'];
  readonly options: DatasetManifest['options'];
  readonly report: ImportFindings;
  /** Null where there is no file of labels either. */
  readonly labels: DatasetLabels | null;
  readonly files: Readonly<Record<FileRole | TextFileRole, ArrayBufferView>> &
    Readonly<Partial<Record<LabelFileRole, ArrayBufferView>>>;
}

/**
 * @returns the manifest of the folder that was written
 * @throws DatasetError where the folder exists
 */
export async function writeDataset(
  directory: string,
  content: DatasetContent,
): Promise<DatasetManifest> {
  const target = resolve(directory);
  await requireAbsent(target);
  await mkdir(dirname(target), { recursive: true });
  // Beside the target, because a rename does not cross file systems.
  const parent = dirname(target);
  sweepAbandoned(parent, (name) => name.startsWith(`.${basename(target)}.`) && isPartial(name));
  const temporary = join(parent, temporaryName(basename(target)));
  await mkdir(temporary);
  try {
    const manifest = await writeFiles(temporary, content);
    await syncFolder(temporary);
    await rename(temporary, target).catch((cause: unknown) => {
      throw exists(target, cause);
    });
    await syncFolder(dirname(target));
    return manifest;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

async function writeFiles(
  directory: string,
  { name, counts, options, report, labels, files }: DatasetContent,
): Promise<DatasetManifest> {
  const entries: FileEntry[] = [];
  for (const [role, fileName] of Object.entries(everyName)) {
    const values = files[role as keyof typeof files];
    if (values !== undefined) entries.push(await writeFlatFile(directory, fileName, values));
  }
  const digest = contentDigest(counts, entries);
  const manifest = {
    formatVersion,
    name,
    digest,
    counts,
    options,
    report,
    ...(labels && { labels }),
    files: entries as DatasetManifest['files'],
  } satisfies DatasetManifest;
  const text = new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`);
  await writeFlatFile(directory, manifestName, text);
  return manifest;
}

/** Checked before the work as well, so that an import does not end with this after an hour. */
export async function requireAbsent(directory: string): Promise<void> {
  if ((await stat(directory).catch(() => null)) !== null) throw exists(directory);
}

function exists(directory: string, cause?: unknown): DatasetError {
  return new DatasetError(
    'OUTPUT_EXISTS',
    `Cannot write the dataset ${directory}: it exists: it should be the name of a new folder`,
    { file: directory, cause },
  );
}

/** Makes the names in a folder survive a power cut. */
async function syncFolder(directory: string): Promise<void> {
  const handle = await open(directory);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
