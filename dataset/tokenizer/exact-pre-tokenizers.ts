/**
 * Pre-tokenizers of a tokenizer.json where the library's own split otherwise than Python's tokenizers, for which models are
 * trained. All others stay the library's, and what neither does right is refused by its name.
 */
import { byteCharacters } from './byte-characters.js';
import { newLetters, newPunctuation } from './newer-unicode.js';

export interface PreTokenizerConfig {
  readonly type: string;
  readonly pretokenizers?: readonly PreTokenizerConfig[];
  readonly behavior?: string;
  readonly invert?: boolean;
  readonly individual_digits?: boolean;
  readonly length?: number;
  readonly replacement?: string;
  readonly prepend_scheme?: string;
  readonly split?: boolean;
  readonly add_prefix_space?: boolean;
  readonly use_regex?: boolean;
}

/** Where a text stands: a word of its beginning may be written otherwise. */
export interface Place {
  /** 0 for the text before the first special token. */
  readonly section_index?: number;
}

export type PreTokenize = (text: string, place?: Place) => string[];

/** What the library makes of a configuration; a sequence holds its parts. */
export interface LibraryPreTokenizer {
  pre_tokenize(text: string, place?: Place): string[];
  readonly tokenizers?: readonly LibraryPreTokenizer[];
  /** That of `Split`, compiled. */
  readonly pattern?: RegExp | null;
}

/**
 * What the library has made, with what differs replaced.
 *
 * @throws RangeError for what cannot be followed
 */
export function exactPreTokenizer(
  made: LibraryPreTokenizer,
  config: PreTokenizerConfig,
): PreTokenize {
  if (config.type !== 'Sequence') {
    return functionOf(made, config) ?? ((text, place) => made.pre_tokenize(text, place));
  }
  const parts = (config.pretokenizers ?? []).map((part, i) =>
    exactPreTokenizer(made.tokenizers![i]!, part),
  );
  return (text, place) =>
    parts.reduce(
      (pieces, part) =>
        pieces.flatMap((piece, i) => part(piece, i === 0 && text.startsWith(piece) ? place : {})),
      [text],
    );
}

const spaces = /\p{White_Space}+/u;
const punctuation = new RegExp(
  `(?![${newPunctuation}])[\\p{P}!-/:-@\\[-\`{-~]|[\u166d\u{111c9}]`,
  'gu',
);
const numeric = { single: /\p{N}/gu, run: /\p{N}+/gu } as const;
const wordCharacters = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d';
const wordsAndRest = new RegExp(`[${wordCharacters}]+|[^${wordCharacters}\\p{White_Space}]+`, 'gu');

function functionOf(made: LibraryPreTokenizer, config: PreTokenizerConfig): PreTokenize | null {
  switch (config.type) {
    case 'BertPreTokenizer':
      return (text) =>
        withoutSpaces(text).flatMap((word) => splitAt(word, punctuation, 'isolated'));
    case 'WhitespaceSplit':
      return withoutSpaces;
    case 'Whitespace':
      return (text) =>
        splitAt(text, wordsAndRest, 'removed', { invert: true, seen: asOlder(text) });
    case 'Punctuation':
      return (text) => splitAt(text, punctuation, behaviourOf(config));
    case 'Digits': {
      const single = config.individual_digits === true;
      return (text) => splitAt(text, single ? numeric.single : numeric.run, 'isolated');
    }
    case 'FixedLength':
      return (text) => chunks([...text], config.length ?? 1);
    case 'Metaspace':
      return metaspace(config);
    case 'ByteLevel':
      return byteLevel(config);
    case 'Split':
      return splitBy(made, config);
    default:
      return null;
  }
}

const withoutSpaces = (text: string): string[] => text.split(spaces).filter(Boolean);

function chunks(characters: readonly string[], length: number): string[] {
  const count = Math.ceil(characters.length / length);
  return Array.from({ length: count }, (_, i) =>
    characters.slice(i * length, (i + 1) * length).join(''),
  );
}

/** SentencePiece's: spaces are letters, and one stands before the first word. */
function metaspace({
  replacement = '\u2581',
  prepend_scheme,
  split,
}: PreTokenizerConfig): PreTokenize {
  const scheme = prepend_scheme ?? 'always';
  const pattern = new RegExp(replacement.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gu');
  return (text, place) => {
    const first = scheme === 'always' || (scheme === 'first' && place?.section_index === 0);
    const spaced = text.replaceAll(' ', replacement);
    const whole = first && !spaced.startsWith(replacement) ? replacement + spaced : spaced;
    return split === false ? [whole] : splitAt(whole, pattern, 'mergedwithnext');
  };
}

/** GPT-2's: the text's UTF-8 bytes as characters, words cut by its pattern. */
function byteLevel({ add_prefix_space, use_regex }: PreTokenizerConfig): PreTokenize {
  return (text) => {
    const whole = add_prefix_space !== false && !text.startsWith(' ') ? ` ${text}` : text;
    const words =
      use_regex === false
        ? [whole]
        : splitAt(whole, gpt2Words, 'isolated', { seen: asOlder(whole) });
    return words.map(byteCharacters);
  };
}

const gpt2Words =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** The library compiles the pattern, and knows two of the five behaviours. */
function splitBy(
  made: LibraryPreTokenizer,
  config: PreTokenizerConfig,
): (text: string) => string[] {
  const { pattern } = made;
  if (pattern == null)
    throw new RangeError('the pre-tokenizer Split has no pattern that can be followed');
  const behaviour = behaviourOf(config);
  const invert = config.invert === true;
  // Ranges that are written out hold in every version of Unicode.
  const asksForKinds = /\\p\{(?:L|N|Alphabetic)/i.test(pattern.source);
  const see = (text: string) => (asksForKinds ? asOlder(text) : text);
  return (text) => splitAt(text, pattern, behaviour, { invert, seen: see(text) });
}

const behaviours = [
  'removed',
  'isolated',
  'mergedwithprevious',
  'mergedwithnext',
  'contiguous',
] as const;
type Behaviour = (typeof behaviours)[number];

function behaviourOf({ type, behavior = 'Isolated' }: PreTokenizerConfig): Behaviour {
  const found = behaviours.find((known) => known === behavior.toLowerCase());
  if (found !== undefined) return found;
  throw new RangeError(
    `the pre-tokenizer ${type} has the behavior ${JSON.stringify(behavior)}, which is unknown`,
  );
}

interface Piece {
  readonly text: string;
  readonly matched: boolean;
}

interface SplitOptions {
  /** What the pattern does not match is taken for the matches. */
  readonly invert?: boolean;
  /** What the pattern is shown in the text's stead, of the same length. */
  readonly seen?: string;
}

/** Cuts a text at the matches of a pattern; what becomes of the matches is the behaviour. */
function splitAt(
  text: string,
  pattern: RegExp,
  behaviour: Behaviour,
  { invert = false, seen = text }: SplitOptions = {},
): string[] {
  const pieces = piecesOf(text, seen, pattern, invert);
  switch (behaviour) {
    case 'isolated':
      return pieces.map((piece) => piece.text);
    case 'removed':
      return pieces.filter(({ matched }) => !matched).map((piece) => piece.text);
    case 'contiguous':
      return joined(pieces, (before, piece) => before.matched === piece.matched);
    case 'mergedwithprevious':
      return joined(pieces, (before, piece) => piece.matched && !before.matched);
    case 'mergedwithnext':
      return joined(pieces, (before, piece) => before.matched && !piece.matched);
  }
}

function piecesOf(text: string, seen: string, pattern: RegExp, invert: boolean): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of seen.matchAll(pattern)) {
    if (match[0] === '') continue;
    if (match.index > end) pieces.push({ text: text.slice(end, match.index), matched: invert });
    const start = match.index;
    end = start + match[0].length;
    pieces.push({ text: text.slice(start, end), matched: !invert });
  }
  if (end < text.length) pieces.push({ text: text.slice(end), matched: invert });
  return pieces;
}

const newer = new RegExp(`[${newLetters}]`, 'gu');

/** The text with what the patterns there do not know as characters that are none, of the same length. */
function asOlder(text: string): string {
  return text.replace(newer, (character) => (character.length === 1 ? '\uffff' : '\u{1ffff}'));
}

/** Joins a piece to the one before it where `joins` says so. */
function joined(
  pieces: readonly Piece[],
  joins: (before: Piece, piece: Piece) => boolean,
): string[] {
  const result: string[] = [];
  for (const [i, piece] of pieces.entries()) {
    if (i > 0 && joins(pieces[i - 1]!, piece)) result[result.length - 1] += piece.text;
    else result.push(piece.text);
  }
  return result;
}
