/** Which items a model cannot tell apart: those whose texts are the same as far as it reads them. */

export interface ItemTokens {
  readonly itemTokens: Int32Array;
  /** Item i's text is itemTokens[offsets[i]..offsets[i+1]). [items+1] */
  readonly itemTokenOffsets: Uint32Array;
}

/** The slots of a hash table for each item: few meet another text on their way. */
const slotsPerItem = 2;

/**
 * For each item the first one whose text has the same first `maxTextLength` tokens: itself, where
 * none before has. [items]
 */
export function firstOfText(texts: ItemTokens, maxTextLength: number): Int32Array {
  const items = texts.itemTokenOffsets.length - 1;
  const mask = 2 ** Math.ceil(Math.log2(Math.max(2, items * slotsPerItem))) - 1;
  const slots = new Int32Array(mask + 1).fill(-1);
  const first = new Int32Array(items);
  for (let item = 0; item < items; item++) {
    let slot = hashOf(texts, item, maxTextLength) & mask;
    for (;;) {
      const other = slots[slot] as number;
      if (other === -1) slots[slot] = item;
      if (other === -1 || areSame(texts, other, item, maxTextLength)) break;
      slot = (slot + 1) & mask;
    }
    first[item] = slots[slot] as number;
  }
  return first;
}

function lengthOf({ itemTokenOffsets }: ItemTokens, item: number, maxTextLength: number): number {
  const length = (itemTokenOffsets[item + 1] as number) - (itemTokenOffsets[item] as number);
  return Math.min(length, maxTextLength);
}

/** FNV-1a over tokens, with its high bits brought down to where the mask looks. */
function hashOf(texts: ItemTokens, item: number, maxTextLength: number): number {
  const start = texts.itemTokenOffsets[item] as number;
  const end = start + lengthOf(texts, item, maxTextLength);
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) {
    hash = Math.imul(hash ^ (texts.itemTokens[at] as number), 0x01000193);
  }
  return hash ^ (hash >>> 15);
}

function areSame(texts: ItemTokens, a: number, b: number, maxTextLength: number): boolean {
  const length = lengthOf(texts, a, maxTextLength);
  if (length !== lengthOf(texts, b, maxTextLength)) return false;
  const [atA, atB] = [texts.itemTokenOffsets[a] as number, texts.itemTokenOffsets[b] as number];
  for (let at = 0; at < length; at++) {
    if (texts.itemTokens[atA + at] !== texts.itemTokens[atB + at]) return false;
  }
  return true;
}
