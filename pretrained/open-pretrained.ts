/**
 * Opens a pretrained model: a Hugging Face folder, a GGUF file, or a folder with one GGUF file.
 * Everything that Lockstep cannot compute is refused here, by name.
 */
import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { digestFile } from '../storage/hashed-files.js';
import { checkTensors } from './check-tensors.js';
import { type FileTensor, FileTensors } from './file-tensors.js';
import { ggufConfig } from './gguf/gguf-config.js';
import { ggufTensors, readGgufHeader } from './gguf/read-gguf.js';
import { ropeFactorsName, scalingOfFactors } from './gguf/rope-factors.js';
import { readConfig } from './huggingface/read-config.js';
import { folderTensors, readJson, weightFiles } from './huggingface/read-folder.js';
import { limits } from './limits.js';
import type { PretrainedConfig } from './pretrained-config.js';
import { PretrainedError, UnsupportedError, withPath } from './pretrained-error.js';
import { elementsOf, type TensorSource } from './tensor-source.js';

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
  return about(path, async () => ({
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

export interface Pretrained {
  readonly files: WeightFiles;
  readonly config: PretrainedConfig;
  readonly source: TensorSource;
}

/** The caller closes the source. @throws PretrainedError */
export async function openPretrained(path: string): Promise<Pretrained> {
  const files = await findWeightFiles(path);
  return about(path, () => (files.kind === 'gguf' ? openGguf(files) : openFolder(files)));
}

async function openFolder(files: WeightFiles): Promise<Pretrained> {
  const config = readConfig(await readJson(files.folder, 'config.json'));
  const tensors = await folderTensors(files.folder, files.names);
  return opened(files, config, tensors);
}

async function openGguf(files: WeightFiles): Promise<Pretrained> {
  const file = join(files.folder, files.names[0] as string);
  const header = await readGgufHeader(file);
  const config = ggufConfig(header);
  const { headSize } = config.decoder;
  const all = await ggufTensors(file, header, { turned: config.family === 'llama', headSize });
  const tensors = all.filter(({ name }) => name !== ropeFactorsName);
  const factors = all.find(({ name }) => name === ropeFactorsName);
  if (factors === undefined) return opened(files, config, tensors);
  const scaling = scalingOfFactors(await readWhole(factors), config.decoder);
  const ropeScaling = scaling === null ? {} : { ropeScaling: scaling };
  return opened(files, { ...config, decoder: { ...config.decoder, ...ropeScaling } }, tensors);
}

function opened(files: WeightFiles, config: PretrainedConfig, tensors: FileTensor[]): Pretrained {
  if (tensors.length > limits.tensors) {
    throw new UnsupportedError(`it has ${tensors.length} tensors: at most ${limits.tensors}`);
  }
  checkTensors(tensors, config);
  return { files, config, source: new FileTensors(tensors) };
}

async function readWhole(tensor: FileTensor): Promise<Float32Array> {
  const source = new FileTensors([tensor]);
  const whole = new Float32Array(elementsOf(tensor));
  try {
    let at = 0;
    for await (const piece of source.read(tensor.name, { begin: 0, end: whole.length })) {
      whole.set(piece, at);
      at += piece.length;
    }
  } finally {
    await source.close();
  }
  return whole;
}

async function about<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw withPath(path, error);
  }
}
