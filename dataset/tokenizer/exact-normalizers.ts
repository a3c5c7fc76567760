/**
 * Normalisers of a tokenizer.json where the library's own give other texts than Python's tokenizers, for which
 * models are trained. All others stay the library's.
 */
import { readCharsmap } from './charsmap.js';
import {
  newCompatibleForms,
  newFormats,
  newForms,
  newMarks,
  newNonspacingMarks,
} from './newer-unicode.js';

export interface NormalizerConfig {
  readonly type: string;
  readonly normalizers?: readonly NormalizerConfig[];
  readonly precompiled_charsmap?: string | null;
  readonly clean_text?: boolean;
  readonly handle_chinese_chars?: boolean;
  readonly strip_accents?: boolean | null;
  readonly lowercase?: boolean;
  readonly strip_left?: boolean;
  readonly strip_right?: boolean;
}

export type Normalize = (text: string) => string;

/** What the library makes of a configuration; a sequence holds its parts. */
export interface LibraryNormalizer {
  normalize(text: string): string;
  readonly normalizers?: readonly LibraryNormalizer[];
}

/** What the library has made, with what differs replaced. */
export function exactNormalizer(made: LibraryNormalizer, config: NormalizerConfig): Normalize {
  if (config.type !== 'Sequence') return functionOf(config) ?? ((text) => made.normalize(text));
  const parts = (config.normalizers ?? []).map((part, i) =>
    exactNormalizer(made.normalizers![i]!, part),
  );
  return (text) => parts.reduce((current, part) => part(current), text);
}

function functionOf(config: NormalizerConfig): Normalize | null {
  switch (config.type) {
    case 'BertNormalizer':
      return bert(config);
    case 'Precompiled':
      return config.precompiled_charsmap ? readCharsmap(config.precompiled_charsmap) : same;
    case 'Lowercase':
      return lowerCase;
    case 'StripAccents':
      return (text) => text.replace(marks, '');
    case 'Strip':
      return strip(config);
    case 'NFC':
    case 'NFD':
    case 'NFKD':
    case 'NFKC':
      return normalForm(config.type);
    default:
      return null;
  }
}

const same = (text: string): string => text;

/** Each character by itself: at a word's end too, a sigma is the plain one. */
const lowerCase = (text: string): string => text.replaceAll('Σ', 'σ').toLowerCase();

const marks = new RegExp(`(?![${newMarks}])\\p{M}|[\u1cf2\u1cf3]`, 'gu');

function strip({ strip_left, strip_right }: NormalizerConfig): Normalize {
  return (text) => {
    const left = strip_left === true ? text.replace(/^\p{White_Space}+/u, '') : text;
    return strip_right === true ? left.replace(/\p{White_Space}+$/u, '') : left;
  };
}

/** Unicode's normal forms; what only newer versions decompose or reorder stays where it is. */
function normalForm(form: 'NFC' | 'NFD' | 'NFKD' | 'NFKC'): Normalize {
  const compatible = form === 'NFKC' || form === 'NFKD';
  const apart = new RegExp(`([${newForms}${compatible ? newCompatibleForms : ''}])`, 'u');
  return (text) =>
    text
      .split(apart)
      .map((part, i) => (i % 2 === 1 ? part : part.normalize(form)))
      .join('');
}

const decomposed = normalForm('NFD');
const nonspacing = new RegExp(`(?![${newNonspacingMarks}])\\p{Mn}|[\u1734\u{1171e}]`, 'gu');
const removed = new RegExp(`[\\0\ufffd]|(?![\\t\\n\\r${newFormats}])[\\p{Cc}\\p{Cf}\\p{Co}]`, 'gu');
/** As Python's library has it; some blocks of newer ideographs are missing there. */
const ideograph =
  /[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

function bert(config: NormalizerConfig): Normalize {
  const lower = config.lowercase ?? true;
  const accents = config.strip_accents ?? lower;
  const steps: Normalize[] = [];
  if (config.clean_text ?? true) {
    steps.push((text) => text.replace(removed, '').replace(/\p{White_Space}/gu, ' '));
  }
  if (config.handle_chinese_chars ?? true) steps.push((text) => text.replace(ideograph, ' $& '));
  if (accents) steps.push((text) => decomposed(text).replace(nonspacing, ''));
  if (lower) steps.push(lowerCase);
  return (text) => steps.reduce((current, step) => step(current), text);
}
