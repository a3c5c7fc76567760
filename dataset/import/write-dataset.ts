/** Writes a dataset folder: under a temporary name first, so that a folder is always a whole dataset. */
import { resolve } from 'node:path';
import { requireNoFolder, writeFolder } from '../../process/write-folder.js';
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
  return writeFolder({ directory, exists, fill: (temporary) => writeFiles(temporary, content) });
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
export const requireAbsent = (directory: string): Promise<void> =>
  requireNoFolder(resolve(directory), exists);

function exists(directory: string, cause?: unknown): DatasetError {
  return new DatasetError(
    'OUTPUT_EXISTS',
    `Cannot write the dataset ${directory}: it exists: it should be the name of a new folder`,
    { file: directory, cause },
  );
}
