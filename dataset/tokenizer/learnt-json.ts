/** What the tokenizer.json files that we learn share: words in lower case, punctuation apart. */
import {
  clauseMark,
  ideograph,
  separators,
  type UnspacedCut,
  unspacedCharacter,
} from './unspaced-scripts.js';

// Python's and JavaScript's libraries disagree on whether U+0085 and U+FEFF are white space, and on
// the lower case of a sigma at the end of a word; here both see the same.
const normalizers = [
  { type: 'NFC' },
  { type: 'Lowercase' },
  replace('\u0085', ' '),
  replace('\ufeff', ' '),
  replace('ς', 'σ'),
];

/**
 * Punctuation, written out: ASCII, Latin-1, general punctuation, CJK and full-width forms. The
 * pre-tokenizers that know punctuation by themselves differ between the libraries: in what they
 * do with `...`, and in the version of Unicode.
 */
const punctuation =
  '[!-/:-@\\[-`{-~\u00a1\u00a7\u00ab\u00b6\u00b7\u00bb\u00bf\u2010-\u2027\u2030-\u205e' +
  '\u3001-\u3003\u3008-\u3011\u3014-\u301f\u30fb\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]';

/** @param cut null: no text has a script without spaces */
export function learntNormalizer(cut: UnspacedCut | null): object {
  const more = cut === null ? [] : separators.map((separator) => replace(separator, ' '));
  return { type: 'Sequence', normalizers: [...normalizers, ...more] };
}

export function learntPreTokenizer(cut: UnspacedCut | null, last: readonly object[] = []): object {
  const character = cut === 'characters' ? unspacedCharacter : ideograph;
  const unspaced = cut === null ? [] : [isolate(clauseMark), isolate(character)];
  const pretokenizers = [{ type: 'WhitespaceSplit' }, isolate(punctuation), ...unspaced, ...last];
  return { type: 'Sequence', pretokenizers };
}

function isolate(regex: string): object {
  return { type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false };
}

function replace(from: string, to: string): object {
  return { type: 'Replace', pattern: { String: from }, content: to };
}
