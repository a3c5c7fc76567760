import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Rank, rank, step } from '../../../shared/ids.js';
import type { Exchange } from '../../collective/exchange.js';
import { numberedTags } from '../../collective/tag.js';
import { itemsOfBatch } from '../../evaluation/encode-catalogue.js';
import type { Hllm } from '../../model/hllm.js';
import type { PackedItems } from '../../model/items/packed-items.js';
import type { BlockFolder } from './block-folder.js';
import { ItemCache } from './item-cache.js';

const items = 3 * itemsOfBatch + 7;
const hiddenSize = 2;

/** Every item has a text of one token; two of them have the same. */
const itemTokens = Int32Array.from({ length: items }, (_, item) => (item === 5 ? 4 : item));
const dataset = {
  itemTokens,
  itemTokenOffsets: Uint32Array.from({ length: items + 1 }, (_, item) => item),
};

/** Embeds a text as its token and the number of texts beside it, as a packing may be seen in the bits. */
function openModel(encoded: number[]) {
  const model = {
    hiddenSize,
    config: { maxTextLength: 4, itemEmbedding: 'mean' },
    embedItems: ({ tokens }: PackedItems) => {
      encoded.push(tokens.length);
      return Float32Array.from([...tokens].flatMap((token) => [token, tokens.length]));
    },
  };
  return model as unknown as Hllm;
}

/** Members in one thread that meet at every gather. */
class Meeting {
  readonly #size: number;
  #waiting: { readonly parts: readonly Float32Array[]; readonly go: () => void }[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  exchange(index: number): Exchange {
    const allGather = (_: unknown, parts: readonly Float32Array[]): Promise<void> =>
      new Promise((go) => {
        this.#waiting[index] = { parts, go };
        if (Object.keys(this.#waiting).length < this.#size) return;
        const met = this.#waiting.splice(0);
        for (const { parts: into } of met) {
          for (const [owner, { parts: from }] of met.entries()) {
            into[owner]?.set(from[owner] as Float32Array);
          }
        }
        for (const member of met) member.go();
      });
    return { rank: rank(index) as Rank, size: this.#size, allGather } as unknown as Exchange;
  }
}

/** Keeps blocks in memory. */
class Blocks {
  readonly kept = new Map<number, Float32Array>();

  async read(block: number, values: Float32Array): Promise<boolean> {
    const found = this.kept.get(block);
    if (found !== undefined) values.set(found);
    return found !== undefined;
  }

  async write(block: number, values: Float32Array): Promise<void> {
    this.kept.set(block, values.slice());
  }
}

const tags = () => numberedTags(step(3), 'item-cache');

async function fill(size: number, folder: Blocks | null) {
  const meeting = new Meeting(size);
  const encoded: number[][] = Array.from({ length: size }, () => []);
  const caches = encoded.map(
    (log) =>
      new ItemCache({
        dataset,
        model: openModel(log),
        openFolder: async () => folder as unknown as BlockFolder | null,
        onProgress: async () => undefined,
      }),
  );
  await Promise.all(caches.map((cache, index) => cache.fill(meeting.exchange(index), tags())));
  const matrices = await Promise.all(caches.map((cache) => cache.matrix()));
  return { caches, matrices, encoded };
}

const alone = await fill(1, null);

// Would catch blocks that are cut by the number of members, whose packing and bits then differ.
test('any number of members gets the matrix of one, each with its share of the work', async () => {
  for (const size of [2, 3, 5]) {
    const { matrices, encoded } = await fill(size, null);
    for (const matrix of matrices) assert.deepEqual(matrix, alone.matrices[0]);
    assert.equal(encoded.flat().length, alone.encoded.flat().length);
    assert.ok(encoded.every((log) => log.length <= Math.ceil(4 / size)));
  }
});

// Would catch a fill that begins anew after an interruption, on another number of members too.
test('blocks that are there are not encoded again', async () => {
  const folder = new Blocks();
  await fill(2, folder);
  folder.kept.delete(1);
  const { matrices, encoded } = await fill(3, folder);
  assert.deepEqual(encoded, [[], [itemsOfBatch], []]);
  assert.deepEqual(matrices[2], alone.matrices[0]);
  assert.deepEqual([...folder.kept.keys()].sort(), [0, 1, 2, 3]);
});

// Would catch a member that joins later and computes all of it, or waits for others that have it already.
test('a member that has none gets it from those that have it', async () => {
  const { caches } = await fill(2, null);
  const log: number[] = [];
  const late = new ItemCache({
    dataset,
    model: openModel(log),
    openFolder: async () => null,
    onProgress: async () => undefined,
  });
  const meeting = new Meeting(3);
  const all = [caches[0], late, caches[1]] as ItemCache[];
  for (let round = 0; round < 2; round++) {
    await Promise.all(all.map((cache, index) => cache.fill(meeting.exchange(index), tags())));
    for (const cache of all) assert.deepEqual(await cache.matrix(), alone.matrices[0]);
  }
  assert.deepEqual(log, []);
});

// Would catch rows in the order of the catalogue where texts that read alike are one.
test('items are found by their numbers', () => {
  const { embeddings } = (alone.caches[0] as ItemCache).encode(Int32Array.of(700, 5, 4, 0));
  assert.deepEqual(
    [...embeddings].filter((_, index) => index % hiddenSize === 0),
    [700, 4, 4, 0],
  );
});
