/** Tokens of a GGUF file by id, with their kinds and scores. */
import { type GgufSettings, GgufTokenizerError } from './gguf-tokenizer-error.js';

/** Numbers of the format (`llama_token_type`). */
const kinds = { unknown: 2, control: 3, userDefined: 4, unused: 5 } as const;

export interface Vocabulary {
  readonly tokens: readonly string[];
  readonly types: readonly number[];
  /** Null where merges stand in their place. */
  readonly scores: readonly number[] | null;
  readonly begin: string | null;
  readonly end: string | null;
}

/** @throws GgufTokenizerError */
export function readVocabulary(settings: GgufSettings): Vocabulary {
  const tokens = settings.get('tokenizer.ggml.tokens');
  if (!Array.isArray(tokens) || tokens.some((token) => typeof token !== 'string')) {
    throw new GgufTokenizerError('tokenizer.ggml.tokens must be a list of texts');
  }
  const numbers = (name: string): readonly number[] | null => {
    const list = settings.get(`tokenizer.ggml.${name}`);
    if (list === undefined) return null;
    if (Array.isArray(list) && list.length === tokens.length) return list as readonly number[];
    throw new GgufTokenizerError(
      `tokenizer.ggml.${name} must be a list of ${tokens.length}, as many as there are tokens`,
    );
  };
  const token = (id: string): string | null => {
    const number = settings.get(`tokenizer.ggml.${id}`);
    return typeof number === 'number' ? ((tokens[number] as string | undefined) ?? null) : null;
  };
  return {
    tokens: tokens as readonly string[],
    types: numbers('token_type') ?? tokens.map(() => 1),
    scores: numbers('scores'),
    begin: token('bos_token_id'),
    end: token('eos_token_id'),
  };
}

/** What a file pads its table with, for which no text has a token. */
export const isUnused = ({ types }: Vocabulary, id: number): boolean => types[id] === kinds.unused;

/** The vocabulary of the model: token -> id. */
export function modelTokens(vocabulary: Vocabulary): Record<string, number> {
  const entries = vocabulary.tokens.map((token, id) => [token, id] as const);
  return Object.fromEntries(entries.filter(([, id]) => !isUnused(vocabulary, id)));
}

/** Tokens that are found in a text before it is cut. */
export function addedTokens({ tokens, types }: Vocabulary): object[] {
  return tokens.flatMap((content, id) => {
    const type = types[id];
    const special = type === kinds.control || type === kinds.unknown;
    if (!special && type !== kinds.userDefined) return [];
    const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
    return [{ id, content, ...plain, special }];
  });
}
