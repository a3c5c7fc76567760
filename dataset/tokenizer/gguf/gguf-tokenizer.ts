/**
 * The tokenizer in a GGUF file -> the tokenizer.json that gives the same ids. GGUF holds tokens, their
 * kinds, and merges or scores; how texts are cut before is only a name.
 */
import type { GgufValue } from '../../../pretrained/gguf/gguf-parser.js';
import { type GgufSettings, GgufTokenizerError } from './gguf-tokenizer-error.js';
import { addedTokens, modelTokens, readVocabulary, type Vocabulary } from './gguf-vocabulary.js';
import { mergesOfScores } from './merges-of-scores.js';
import { knownPreTokenizers, preTokenizers } from './pre-tokenizers.js';

export interface TokenizerJson {
  /** Contents of tokenizer.json. */
  readonly json: object;
  /** Contents of tokenizer_config.json. */
  readonly config: object;
}

/** @throws GgufTokenizerError */
export function ggufTokenizer(settings: GgufSettings): TokenizerJson {
  const model = settings.get('tokenizer.ggml.model');
  if (model === 'gpt2') return byteLevelTokenizer(settings);
  if (model === 'llama') return sentencePieceTokenizer(settings);
  const is = model === undefined ? 'it has no tokenizer' : `its tokenizer is ${printed(model)}`;
  throw new GgufTokenizerError(`${is}: tokenizer.ggml.model must be gpt2 or llama`);
}

/** GPT-2's: bytes as characters, merged by rank. */
function byteLevelTokenizer(settings: GgufSettings): TokenizerJson {
  const name = settings.get('tokenizer.ggml.pre');
  const kind = typeof name === 'string' ? preTokenizers.get(name) : undefined;
  if (kind === undefined) {
    const is = name === undefined ? 'missing' : printed(name);
    throw new GgufTokenizerError(
      `tokenizer.ggml.pre, which says how texts are cut, is ${is}: it must be one of ${knownPreTokenizers}`,
    );
  }
  if (settings.get('tokenizer.ggml.add_space_prefix') === true) {
    throw new GgufTokenizerError(
      'tokenizer.ggml.add_space_prefix must be false for gpt2: it is true',
    );
  }
  const vocabulary = readVocabulary(settings);
  const merges = settings.get('tokenizer.ggml.merges');
  if (!Array.isArray(merges) || merges.some((merge) => typeof merge !== 'string')) {
    throw new GgufTokenizerError('tokenizer.ggml.merges must be a list of texts');
  }
  const json = tokenizerJson(vocabulary, settings, kind.begins, {
    normalizer: kind.normalizer,
    pre_tokenizer: kind.preTokenizer,
    model: {
      type: 'BPE',
      unk_token: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: kind.ignoreMerges,
      vocab: modelTokens(vocabulary),
      merges,
    },
  });
  return { json, config: configOf(vocabulary, null) };
}

/** SentencePiece's: spaces are letters, what has no token is its bytes. */
function sentencePieceTokenizer(settings: GgufSettings): TokenizerJson {
  const vocabulary = readVocabulary(settings);
  const unknownId = settings.get('tokenizer.ggml.unknown_token_id') ?? 0;
  const unknown = vocabulary.tokens[unknownId as number] ?? null;
  const spaced = { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' };
  const begins = settings.get('tokenizer.ggml.add_space_prefix') !== false;
  const json = tokenizerJson(vocabulary, settings, true, {
    normalizer: begins
      ? { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '\u2581' }, spaced] }
      : spaced,
    pre_tokenizer: null,
    model: {
      type: 'BPE',
      unk_token: unknown,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: modelTokens(vocabulary),
      merges: mergesOfScores(vocabulary),
    },
  });
  return { json, config: configOf(vocabulary, unknown) };
}

interface Parts {
  readonly normalizer: object | null;
  readonly pre_tokenizer: object | null;
  readonly model: object;
}

function tokenizerJson(
  vocabulary: Vocabulary,
  settings: GgufSettings,
  begins: boolean,
  { normalizer, pre_tokenizer, model }: Parts,
): object {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: addedTokens(vocabulary),
    normalizer,
    pre_tokenizer,
    post_processor: postProcessor(vocabulary, settings, begins),
    decoder: null,
    model: {
      dropout: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      ...model,
    },
  };
}

/** The tokens that a model wants around a text. @param begins where the file says nothing. */
function postProcessor(
  { tokens }: Vocabulary,
  settings: GgufSettings,
  begins: boolean,
): object | null {
  const special = (id: string, wanted: boolean): readonly [string, number][] => {
    const number = settings.get(`tokenizer.ggml.${id}`);
    const token = typeof number === 'number' ? tokens[number] : undefined;
    return wanted && token !== undefined ? [[token, number as number]] : [];
  };
  const isSet = (name: string, otherwise: boolean): boolean =>
    (settings.get(`tokenizer.ggml.${name}`) ?? otherwise) === true;
  const before = special('bos_token_id', isSet('add_bos_token', begins));
  const behind = special('eos_token_id', isSet('add_eos_token', false));
  if (before.length + behind.length === 0) return null;
  const named = (list: readonly [string, number][]) =>
    list.map(([token]) => ({ SpecialToken: { id: token, type_id: 0 } }));
  const single = [...named(before), { Sequence: { id: 'A', type_id: 0 } }, ...named(behind)];
  return {
    type: 'TemplateProcessing',
    single,
    pair: [...single, { Sequence: { id: 'B', type_id: 1 } }],
    special_tokens: Object.fromEntries(
      [...before, ...behind].map(([token, id]) => [
        token,
        { id: token, ids: [id], tokens: [token] },
      ]),
    ),
  };
}

const configOf = ({ begin, end }: Vocabulary, unknown: string | null): object => ({
  tokenizer_class: 'PreTrainedTokenizerFast',
  ...(begin !== null && { bos_token: begin }),
  ...(end !== null && { eos_token: end }),
  ...(unknown !== null && { unk_token: unknown }),
});

const printed = (value: GgufValue): string => JSON.stringify(value).slice(0, 80);
