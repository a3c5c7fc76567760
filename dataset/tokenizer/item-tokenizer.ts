/** Opens a tokenizer.json and encodes item texts with it. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Tokenizer } from '@huggingface/tokenizers';
import { readGgufHeader } from '../../pretrained/gguf/read-gguf.js';
import { DatasetError } from '../dataset-error.js';
import { limits } from '../limits.js';
import { ggufTokenizer } from './gguf/gguf-tokenizer.js';
import { openTokenizer } from './open-tokenizer.js';

export interface TokenizerFiles {
  /** The text of tokenizer.json. */
  readonly json: string;
  /** The text of tokenizer_config.json. */
  readonly config: string;
}

export interface ItemTokenizer extends TokenizerFiles {
  /** One more than the largest token id. */
  readonly vocabularySize: number;
  /** The token of what has none, where there is one. */
  readonly unknown: number | null;
  /** Token ids, special ones included where the tokenizer adds them (Llama's start token does count). */
  encode(text: string): readonly number[];
}

/** @throws DatasetError */
export function createItemTokenizer(files: TokenizerFiles, name: string): ItemTokenizer {
  let tokenizer: Tokenizer;
  let largest = -1;
  try {
    tokenizer = openTokenizer(JSON.parse(files.json), JSON.parse(files.config));
    for (const id of tokenizer.get_vocab(true).values()) largest = Math.max(largest, id);
    tokenizer.encode('a');
  } catch (cause) {
    throw badTokenizer(name, cause instanceof Error ? cause.message : String(cause), cause);
  }
  const encode = (text: string): readonly number[] => {
    const ids: readonly number[] = tokenizer.encode(text).ids;
    if (ids.some((id) => !Number.isInteger(id))) {
      throw badTokenizer(
        name,
        `it has no token for a part of ${JSON.stringify(text.slice(0, 80))}`,
      );
    }
    return ids;
  };
  const unknown = tokenizer.model?.unk_token_id ?? null;
  return { json: files.json, config: files.config, vocabularySize: largest + 1, unknown, encode };
}

/**
 * Reads a pretrained model's tokenizer: a tokenizer.json, a GGUF file, or the folder that holds one of
 * them.
 *
 * @throws DatasetError
 */
export async function readTokenizerFiles(path: string): Promise<TokenizerFiles> {
  const isFolder = (await stat(path).catch(() => null))?.isDirectory() ?? false;
  const file = isFolder ? join(path, 'tokenizer.json') : path;
  const gguf = isFolder ? await onlyGguf(path) : path.endsWith('.gguf') ? path : null;
  const json = gguf === null || gguf !== path ? await readText(file) : null;
  if (json === null && gguf !== null) return readGgufTokenizer(gguf);
  if (json === null) {
    throw badTokenizer(
      file,
      'there is no such file: it should be a tokenizer.json, a GGUF file, or the folder of one',
    );
  }
  return { json, config: (await readText(join(dirname(file), 'tokenizer_config.json'))) ?? '{}' };
}

/** The GGUF file of a folder that has one. */
async function onlyGguf(folder: string): Promise<string | null> {
  const [name, ...more] = (await readdir(folder)).filter((entry) => entry.endsWith('.gguf'));
  return name === undefined || more.length > 0 ? null : join(folder, name);
}

async function readGgufTokenizer(file: string): Promise<TokenizerFiles> {
  try {
    const { json, config } = ggufTokenizer((await readGgufHeader(file)).settings);
    return { json: JSON.stringify(json), config: JSON.stringify(config) };
  } catch (cause) {
    throw badTokenizer(file, (cause as Error).message, cause);
  }
}

async function readText(file: string): Promise<string | null> {
  const size = (await stat(file).catch(() => null))?.size;
  if (size === undefined) return null;
  if (size > limits.tokenizerBytes) {
    throw badTokenizer(file, `it has ${size} bytes: at most ${limits.tokenizerBytes} are allowed`);
  }
  return readFile(file, 'utf8');
}

function badTokenizer(file: string, what: string, cause?: unknown): DatasetError {
  return new DatasetError('BAD_TOKENIZER', `Cannot use the tokenizer ${file}: ${what}`, {
    file,
    cause,
  });
}
