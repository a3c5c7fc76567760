/** Which files hold a model's weights, by what digest they are known, and how they travel. */
import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { digestFile } from '../storage/hashed-files.js';
import { configFile, indexFile, weightFiles } from './huggingface/read-folder.js';
import { aboutModel, PretrainedError } from './pretrained-error.js';

/** The files that hold the weights. */
export interface WeightFiles {
  readonly kind: 'folder' | 'gguf';
  readonly folder: string;
  /** Sorted. */
  readonly names: readonly string[];
}

/** @throws PretrainedError */
export async function findWeightFiles(path: string): Promise<WeightFiles> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw new PretrainedError(path, 'there is no such file or folder');
  if (!found.isDirectory()) {
    if (path.endsWith('.gguf'))
      return { kind: 'gguf', folder: dirname(path), names: [basename(path)] };
    throw new PretrainedError(path, 'it should be a GGUF file (.gguf), or a folder');
  }
  const names = (await readdir(path)).filter((name) => name.endsWith('.gguf'));
  if (names.length === 1) return { kind: 'gguf', folder: path, names };
  if (names.length > 1) {
    throw new PretrainedError(path, `it has ${names.length} GGUF files: name one of them`);
  }
  return aboutModel(path, async () => ({
    kind: 'folder',
    folder: path,
    names: await weightFiles(path),
  }));
}

/**
 * The digest of the weights: that of their file, or of the lines that `sha256sum` prints for several.
 *
 * @throws PretrainedError
 */
export async function digestWeights(
  { folder, names }: WeightFiles,
  digestOf: (path: string) => Promise<string> = async (path) => (await digestFile(path)).sha256,
): Promise<string> {
  const digests: string[] = [];
  for (const name of names) digests.push(await digestOf(join(folder, name)));
  if (digests.length === 1) return digests[0] as string;
  const hash = createHash('sha256');
  for (const [index, name] of names.entries()) hash.update(`${digests[index]}  ${name}\n`);
  return hash.digest('hex');
}

export interface FileToSend {
  readonly name: string;
  readonly path: string;
}

/**
 * What another machine needs to open the model: its weight files, and what says how they are read. A
 * GGUF file gets a plain name.
 *
 * @throws PretrainedError
 */
export async function filesToSend(path: string): Promise<FileToSend[]> {
  const { kind, folder, names } = await findWeightFiles(path);
  if (kind === 'gguf') return [{ name: 'model.gguf', path: join(folder, names[0] as string) }];
  const others = names.length > 1 ? [configFile, indexFile] : [configFile];
  return [...others, ...names].map((name) => ({ name, path: join(folder, name) }));
}

/** The digest of what lies at a path; null where that is no model. For whoever looks for one. */
export async function digestIfWeights(path: string): Promise<string | null> {
  try {
    return await digestWeights(await findWeightFiles(path));
  } catch (error) {
    if (error instanceof PretrainedError) return null;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES') return null;
    throw error;
  }
}
