/**
 * Opens a pretrained model: a Hugging Face folder, a GGUF file, or a folder with one GGUF file.
 * Everything that Lockstep cannot compute is refused here, by name.
 */
import { join } from 'node:path';
import { checkTensors } from './check-tensors.js';
import { type FileTensor, FileTensors } from './file-tensors.js';
import { ggufConfig } from './gguf/gguf-config.js';
import { ggufTensors, readGgufHeader } from './gguf/read-gguf.js';
import { ropeFactorsName, scalingOfFactors } from './gguf/rope-factors.js';
import { readConfig } from './huggingface/read-config.js';
import { folderTensors, readJson } from './huggingface/read-folder.js';
import { limits } from './limits.js';
import type { PretrainedConfig } from './pretrained-config.js';
import { aboutModel, UnsupportedError } from './pretrained-error.js';
import { elementsOf, type TensorSource } from './tensor-source.js';
import { findWeightFiles, type WeightFiles } from './weight-files.js';

export interface Pretrained {
  readonly files: WeightFiles;
  readonly config: PretrainedConfig;
  readonly source: TensorSource;
}

/** The caller closes the source. @throws PretrainedError */
export async function openPretrained(path: string): Promise<Pretrained> {
  const files = await findWeightFiles(path);
  return aboutModel(path, () => (files.kind === 'gguf' ? openGguf(files) : openFolder(files)));
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
