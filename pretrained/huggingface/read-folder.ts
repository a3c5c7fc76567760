/** The weight files of a Hugging Face folder: `model.safetensors`, or those that its index names. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeHeader, headerLength, lengthBytes } from '../../shared/safetensors-header.js';
import { readBytes, withFile } from '../../storage/hashed-files.js';
import type { Encoding } from '../decode/encoding.js';
import { bf16, f16, f32 } from '../decode/plain-types.js';
import type { FileTensor } from '../file-tensors.js';
import { limits } from '../limits.js';
import { UnsupportedError } from '../pretrained-error.js';

export const configFile = 'config.json';
export const oneFile = 'model.safetensors';
export const indexFile = 'model.safetensors.index.json';

/** Names of the weight files, sorted. @throws UnsupportedError */
export async function weightFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  if (names.includes(oneFile)) return [oneFile];
  if (names.includes(indexFile)) return indexedFiles(await readJson(folder, indexFile));
  const pickled = names.filter((name) => /^pytorch_model.*\.bin$/.test(name));
  const advice =
    pickled.length > 0
      ? `${pickled[0]} is not read, because such a file may run any code: save it as safetensors`
      : 'it should be a GGUF file, or a folder with config.json and safetensors';
  throw new UnsupportedError(`it has no ${oneFile} and no ${indexFile}: ${advice}`);
}

function indexedFiles(index: Record<string, unknown>): string[] {
  const names = new Set(Object.values((index.weight_map ?? {}) as Record<string, unknown>));
  // A path would lead out of the folder.
  const isName = (name: unknown) =>
    typeof name === 'string' && /^[A-Za-z0-9][\w.-]*\.safetensors$/.test(name);
  const wrong = [...names].find((name) => !isName(name));
  if (wrong !== undefined || names.size === 0 || names.size > limits.files) {
    const is = wrong === undefined ? `${names.size} files` : JSON.stringify(wrong);
    throw new UnsupportedError(
      `${indexFile} names ${is}: it must name 1 to ${limits.files} safetensors files of the folder`,
    );
  }
  return [...(names as Set<string>)].sort();
}

/** A mapping of the folder. @throws UnsupportedError */
export async function readJson(folder: string, name: string): Promise<Record<string, unknown>> {
  const path = join(folder, name);
  const size = (await stat(path).catch(() => null))?.size;
  if (size === undefined) throw new UnsupportedError(`it has no ${name}`);
  if (size > limits.jsonBytes) {
    throw new UnsupportedError(
      `${name} has ${size} bytes: at most ${limits.jsonBytes} are allowed`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new UnsupportedError(`${name} is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new UnsupportedError(`${name} must be a JSON object`);
}

const encodings: Readonly<Record<string, Encoding>> = { F32: f32, F16: f16, BF16: bf16 };

/** @throws UnsupportedError, SafetensorsError */
export async function folderTensors(
  folder: string,
  files: readonly string[],
): Promise<FileTensor[]> {
  const tensors: FileTensor[] = [];
  const holders = new Map<string, string>();
  for (const name of files) {
    for (const tensor of await fileTensors(folder, name)) {
      const other = holders.get(tensor.name);
      if (other !== undefined) {
        throw new UnsupportedError(`its tensor "${tensor.name}" is in ${other} and in ${name}`);
      }
      holders.set(tensor.name, name);
      tensors.push(tensor);
    }
  }
  return tensors;
}

async function fileTensors(folder: string, name: string): Promise<FileTensor[]> {
  const file = join(folder, name);
  const found = await stat(file).catch(() => null);
  if (found === null) throw new UnsupportedError(`it has no ${name}, which ${indexFile} names`);
  if (!found.isFile()) throw new UnsupportedError(`its ${name} is no file`);
  const { size } = found;
  return withFile(file, 'r', async (handle) => {
    const start = await readBytes(handle, { begin: 0, end: lengthBytes });
    const header = await readBytes(handle, { begin: 0, end: headerLength(start, size) });
    return decodeHeader(header, size).tensors.map(({ name: tensor, dtype, shape, begin }) => {
      const encoding = encodings[dtype];
      if (encoding === undefined) {
        const known = Object.keys(encodings).join(', ');
        throw new UnsupportedError(
          `its tensor "${tensor}" is of the type ${dtype}: it must be one of ${known}`,
        );
      }
      const position = header.byteLength + begin;
      return { name: withPrefix(tensor), shape, dtype, file, position, encoding };
    });
  });
}

/** A base model, saved without its head, leaves out what all its names would begin with. */
const withPrefix = (name: string): string =>
  /^(embed_tokens|layers|norm)\./.test(name) ? `model.${name}` : name;
