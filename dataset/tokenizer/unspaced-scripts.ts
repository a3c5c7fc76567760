/**
 * Scripts that write no spaces between words. Split at spaces and punctuation alone, a whole clause of
 * them is one word, which no other text has: the text would say no more than the item's id. Ranges are
 * written out, because libraries know the scripts of different versions of Unicode.
 */

/** Ideographs of all planes and their iteration marks; each one has a meaning of its own. */
const ideographs =
  '\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff' +
  '\u{16fe0}-\u{18dff}\u{1b170}-\u{1b2ff}\u{20000}-\u{3fffd}';

/** Kana, bopomofo and Yi, half-width and extended forms included. */
const syllables =
  '\u3041-\u3096\u3099-\u309f\u30a1-\u30fa\u30fc-\u312f\u31a0-\u31bf\u31f0-\u31ff\ua000-\ua48f' +
  '\uff66-\uff9f\u{1aff0}-\u{1b16f}';

/** Thai, Lao, Tibetan, Myanmar, Khmer, Tai and the scripts of Java and Bali; digits stay together. */
const letters =
  '\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecf\u0edc-\u0edf\u0f40-\u0f84\u0f86-\u0fbc\u1000-\u103f' +
  '\u1050-\u108f\u109a-\u109f\u1780-\u17d3\u17d7\u17dc\u17dd\u1950-\u19cf\u1a20-\u1a7f\u1b00-\u1b4f' +
  '\ua980-\ua9c0\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaadf';

/** What these scripts end a clause with, beside the punctuation that all texts share. */
const marks =
  '\u0e2f\u0e4f\u0e5a\u0e5b\u0f01-\u0f0a\u0f0d-\u0f14\u0f3a-\u0f3d\u104a-\u104f\u17d4-\u17d6' +
  '\u17d8-\u17db\ua9c1-\ua9cd\uaadc-\uaadf';

/** What stands between words or syllables and is no white space to the libraries. */
export const separators = ['\u0f0b', '\u0f0c', '\u200b'] as const;

/** Regular expressions for both JavaScript and a tokenizer.json. A letter keeps its combining marks. */
export const clauseMark = `[${marks}]`;
export const ideograph = `[${ideographs}]\\p{M}*`;
export const unspacedCharacter = `[${ideographs}${syllables}${letters}]\\p{M}*`;

const anything = new RegExp(
  `[${separators.join('')}${marks}${ideographs}${syllables}${letters}]`,
  'u',
);

/** Whether a text has a part that is written without spaces. */
export const isUnspaced = (text: string): boolean => anything.test(text);

/** How finely unspaced scripts are cut: every letter, or ideographs alone. */
export type UnspacedCut = 'characters' | 'ideographs';

const cuts: Readonly<Record<UnspacedCut, RegExp>> = {
  characters: splitter(unspacedCharacter),
  ideographs: splitter(ideograph),
};

function splitter(character: string): RegExp {
  return new RegExp(`([${separators.join('')}]+|${clauseMark}|${character})`, 'u');
}

/** The parts of a run of letters, as the tokenizer.json with the same cut splits it. */
export function cutUnspaced(run: string, cut: UnspacedCut): string[] {
  if (!isUnspaced(run)) return [run];
  return run
    .split(cuts[cut])
    .filter((part) => part !== '' && !separators.includes(part[0] as never));
}
