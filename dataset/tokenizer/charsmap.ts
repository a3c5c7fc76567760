/**
 * The normalisation that SentencePiece's models carry with them (`precompiled_charsmap`): a table of byte strings and
 * what they become, as a double-array trie (S. Yata's darts-clone) and the texts behind it, each
 * ended by a zero byte. Applied as Python's tokenizers do: to each cluster of characters, or to each character
 * of it, and by the shortest entry that it begins with.
 */

/** Longer clusters are looked up by character only. */
const clusterBytes = 6;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** @throws RangeError where the bytes are no such table */
export function readCharsmap(base64: string): (text: string) => string {
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'));
  const view = new DataView(bytes.buffer);
  const trieBytes = bytes.length < 4 ? 0 : view.getUint32(0, true);
  if (trieBytes % 4 !== 0 || trieBytes < 4 || 4 + trieBytes > bytes.length) {
    throw new RangeError('its precompiled_charsmap is damaged');
  }
  const trie = Uint32Array.from({ length: trieBytes / 4 }, (_, i) =>
    view.getUint32(4 + 4 * i, true),
  );
  const texts = bytes.subarray(4 + trieBytes);
  const replacement = (chunk: string): string | null => {
    const start = shortestEntry(trie, encoder.encode(chunk));
    if (start === null) return null;
    const end = texts.indexOf(0, start);
    return decoder.decode(texts.subarray(start, end < 0 ? texts.length : end));
  };
  return (text) => replaceClusters(text, replacement);
}

const clusters = new Intl.Segmenter('en', { granularity: 'grapheme' });

function replaceClusters(text: string, replacement: (chunk: string) => string | null): string {
  let result = '';
  for (const { segment } of clusters.segment(text)) {
    const whole = Buffer.byteLength(segment) < clusterBytes ? replacement(segment) : null;
    if (whole !== null) result += whole;
    else for (const character of segment) result += replacement(character) ?? character;
  }
  return result;
}

/** Where the text of the shortest entry starts that `key` begins with, or null. */
function shortestEntry(trie: Uint32Array, key: Uint8Array): number | null {
  let node = offsetOf(trie[0]!);
  for (const byte of key) {
    node ^= byte;
    const unit = trie[node];
    if (byte === 0 || unit === undefined || (unit & 0x800000ff) !== byte) return null;
    node ^= offsetOf(unit);
    if ((unit & 0x100) !== 0) return trie[node]! & 0x7fffffff;
  }
  return null;
}

const offsetOf = (unit: number): number => (unit >>> 10) << ((unit & 0x200) >>> 6);
