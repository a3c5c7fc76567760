import type { GgufValue } from '../../../pretrained/gguf/gguf-parser.js';

export type GgufSettings = ReadonlyMap<string, GgufValue>;

/** What cannot be followed; the caller knows the file. */
export class GgufTokenizerError extends Error {
  override readonly name = 'GgufTokenizerError';
  readonly code = 'BAD_TOKENIZER';
}
