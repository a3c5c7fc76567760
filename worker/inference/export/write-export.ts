/** Writes what a run has trained as a folder for others: a manifest tells where all of it comes from. */
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { version } from '../../../process/version.js';
import { requireNoFolder, writeFolder } from '../../../process/write-folder.js';
import { syncFolder, writeHashed } from '../../../storage/hashed-files.js';
import { requireRoom, storing } from '../../../storage/storage-error.js';
import type { Catalogue } from '../catalogue.js';
import type { TrainedModel } from '../trained-model.js';
import { type ExportFile, jsonFile } from './export-file.js';
import { itemFiles } from './item-files.js';
import { hllmDescription, hllmFiles, itemLlmFiles, userLlmFiles } from './model-files.js';
import { userFiles } from './user-files.js';

export const exportParts = ['items', 'users', 'item-llm', 'user-llm', 'hllm'] as const;
export type ExportPart = (typeof exportParts)[number];

/** Whether the model must compute for them: the others are its weights. */
export const needsModel = (parts: readonly ExportPart[]): boolean =>
  parts.includes('items') || parts.includes('users');

export interface ExportWish {
  readonly parts: readonly ExportPart[];
  /** The folder, which must not exist. */
  readonly directory: string;
  readonly title: ((item: number) => string) | null;
  /** The run's id; null where its folder does not say. */
  readonly run: string | null;
  /** Asked for where a part needs it. */
  readonly openCatalogue: () => Promise<Catalogue>;
  readonly onProgress: (stage: string, fraction: number) => void;
}

export interface ExportedFile {
  readonly name: string;
  readonly what: string;
  readonly bytes: number;
  readonly sha256: string;
}

type WrittenFile = ExportedFile & Pick<ExportFile, 'details'>;

/** There is something under the name; nothing was written. */
export class OutputExistsError extends Error {
  override readonly name = 'OutputExistsError';
  readonly code = 'OUTPUT_EXISTS';

  constructor(directory: string, cause?: unknown) {
    super(
      `Cannot export to ${directory}: it exists: it should be the name of a new folder`,
      cause === undefined ? undefined : { cause },
    );
  }
}

const exists = (directory: string, cause?: unknown): Error =>
  new OutputExistsError(directory, cause);

/** Known before a model is loaded. @throws OutputExistsError */
export const requireNewExport = (directory: string): Promise<void> =>
  requireNoFolder(directory, exists);

/** @throws OutputExistsError, StorageError; there is no folder then */
export function writeExport(trained: TrainedModel, wish: ExportWish): Promise<ExportedFile[]> {
  const { directory } = wish;
  return writeFolder({
    directory,
    exists,
    fill: async (folder) => {
      const files = await filesOf(trained, wish, folder);
      const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
      await requireRoom('an export', folder, bytes);
      const written: WrittenFile[] = [];
      for (const file of files) written.push(await write(file, folder, wish.onProgress));
      await write(manifestFile(trained, wish, written), folder, () => undefined);
      const folders = new Set(files.map(({ name }) => dirname(join(folder, name))));
      for (const each of folders) await syncFolder(each);
      return written.map(({ name, what, bytes, sha256 }) => ({ name, what, bytes, sha256 }));
    },
  });
}

async function filesOf(
  trained: TrainedModel,
  { parts, title, openCatalogue }: ExportWish,
  folder: string,
): Promise<ExportFile[]> {
  const has = (part: ExportPart): boolean => parts.includes(part);
  const files: ExportFile[] = [];
  if (needsModel(parts)) {
    const catalogue = await openCatalogue();
    if (has('items')) files.push(...itemFiles({ trained, catalogue, title }));
    if (has('users')) files.push(...userFiles(trained, catalogue, folder));
  }
  if (has('item-llm')) files.push(...itemLlmFiles(trained));
  if (has('user-llm')) files.push(...userLlmFiles(trained));
  if (has('hllm')) files.push(...hllmFiles(trained));
  return files;
}

async function write(
  file: ExportFile,
  folder: string,
  onProgress: ExportWish['onProgress'],
): Promise<WrittenFile> {
  const path = join(folder, file.name);
  const { name, what, details } = file;
  const report = (bytes: number): void =>
    onProgress(`write ${name}`, Math.min(1, bytes / file.bytes));
  const digest = await storing('an export', path, async () => {
    await mkdir(dirname(path), { recursive: true });
    return writeHashed(path, counted(file.content(), report));
  });
  report(file.bytes);
  return { name, what, ...digest, details };
}

async function* counted(
  pieces: ReturnType<ExportFile['content']>,
  report: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of pieces) {
    report(bytes);
    yield piece;
    bytes += piece.byteLength;
  }
}

function manifestFile(
  trained: TrainedModel,
  { run }: ExportWish,
  files: readonly WrittenFile[],
): ExportFile {
  const { job, dataset, model, checkpoint } = trained;
  const { committedSteps, weightsSha256, jobDigest } = checkpoint.manifest;
  return jsonFile('manifest.json', 'what this folder holds', {
    format_version: 1,
    lockstep_version: version(),
    run: { id: run, job: job.metadata.name, job_sha256: jobDigest },
    checkpoint: { committed_steps: committedSteps, weights_sha256: weightsSha256 },
    dataset: {
      ...{ name: dataset.name, digest: dataset.digest },
      ...{ users: dataset.users, items: dataset.items, vocabulary: dataset.vocabularySize },
    },
    model: { hidden_size: model.hiddenSize, ...hllmDescription(trained) },
    computed_with: { engine: job.spec.engine.name, precision: job.spec.engine.precision },
    files: files.map(({ details, ...file }) => ({ ...file, ...details })),
  });
}
