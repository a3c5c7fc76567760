/**
 * A dataset folder in memory: flat arrays, checked when they are read, so that no later code needs
 * to doubt an offset or an item number.
 */
import { join, resolve } from 'node:path';
import {
  type DatasetManifest,
  type FileRole,
  fileNames,
  readManifest,
} from './dataset-manifest.js';
import { digestOfRead, readLabels } from './labels.js';
import { checkOffsets } from './tables/check-offsets.js';
import { damaged, type ReadOptions, readFlatFile } from './tables/flat-file.js';
import { IdTable } from './tables/id-table.js';
import type { Verification } from './verification/verification.js';
import { type VerifyOptions, withVerification } from './verification/verify-dataset.js';

/** Ids as the input files spell them. */
export interface IdLookup {
  readonly count: number;
  /** The id of a number in [0, count). */
  idOf(number: number): string;
  /** The number of an id, or -1. */
  numberOf(id: string): number;
}

export interface Dataset {
  readonly directory: string;
  readonly name: string;
  /**
   * SHA-256 of the content, in hexadecimal; the same on every machine. It covers labels where the
   * dataset was opened for them.
   */
  readonly digest: string;
  readonly users: number;
  readonly items: number;
  /** Token ids are in [0, vocabularySize). */
  readonly vocabularySize: number;
  /** User u's items are sequenceItems[offsets[u]..offsets[u+1]). [users + 1] */
  readonly sequenceOffsets: Uint32Array;
  /** Item numbers, each user's in the order of time, held-out ones included. [interactions] */
  readonly sequenceItems: Int32Array;
  /** 0, 1 or `unlabelled` for each interaction; null where the dataset has no labels. [interactions] */
  readonly sequenceLabels: Uint8Array | null;
  /** [items + 1] */
  readonly itemTokenOffsets: Uint32Array;
  /** Token ids of the items' texts; the model adds its [ITEM] token itself. [item tokens] */
  readonly itemTokens: Int32Array;
  readonly userIds: IdLookup;
  readonly itemIds: IdLookup;
  readonly manifest: DatasetManifest;
}

/** The texts of all items. They lie in shared memory, so that other threads read them in place. */
export type CatalogueTexts = Pick<Dataset, 'itemTokens' | 'itemTokenOffsets'>;

export interface OpenOptions extends VerifyOptions {
  /** Whether what follows depends on labels. */
  readonly labels?: boolean;
}

/**
 * Offsets and numbers are checked in any case.
 *
 * @throws DatasetError naming the file and the rule that it breaks
 */
export function openDataset(directory: string, options: OpenOptions = {}): Promise<Dataset> {
  const folder = resolve(directory);
  const { labels = false } = options;
  return withVerification(folder, options, (verification) =>
    readDataset(folder, verification, labels),
  );
}

/**
 * How many interactions each user has, without the rest of the folder.
 *
 * @throws DatasetError
 */
export async function readSequenceOffsets(
  directory: string,
): Promise<Pick<Dataset, 'users' | 'sequenceOffsets'>> {
  const folder = resolve(directory);
  return withVerification(folder, { verify: 'remembered' }, async (verification) => {
    const manifest = await readManifest(folder);
    const { users, interactions } = manifest.counts;
    const options = { verification, Buffer: ArrayBuffer };
    const read = await readRole(folder, manifest, 'sequenceOffsets', 4 * (users + 1), options);
    const sequenceOffsets = new Uint32Array(read);
    checkOffsets(join(folder, fileNames.sequenceOffsets), sequenceOffsets, interactions, 1);
    return { users, sequenceOffsets };
  });
}

async function readDataset(
  folder: string,
  verification: Verification,
  labels: boolean,
): Promise<Dataset> {
  const manifest = await readManifest(folder);
  const digest = digestOfRead(folder, manifest, labels);
  const { users, items, interactions, itemTokens, vocabulary } = manifest.counts;
  const readInto =
    <B extends ArrayBufferLike>(Buffer: ReadOptions<B>['Buffer']) =>
    (role: FileRole, bytes: number | null): Promise<B> =>
      readRole(folder, manifest, role, bytes, { verification, Buffer });
  const [read, readShared] = [readInto(ArrayBuffer), readInto(SharedArrayBuffer)];
  const sequenceOffsets = new Uint32Array(await read('sequenceOffsets', 4 * (users + 1)));
  const sequenceItems = new Int32Array(await read('sequenceItems', 4 * interactions));
  const itemTokenOffsets = new Uint32Array(await readShared('itemTokenOffsets', 4 * (items + 1)));
  const tokens = new Int32Array(await readShared('itemTokens', 4 * itemTokens));
  const file = (role: FileRole): string => join(folder, fileNames[role]);
  checkOffsets(file('sequenceOffsets'), sequenceOffsets, interactions, 1);
  checkOffsets(file('itemTokenOffsets'), itemTokenOffsets, itemTokens, 1);
  checkRange(file('sequenceItems'), sequenceItems, items, 'items');
  checkRange(file('itemTokens'), tokens, vocabulary, 'tokens of the vocabulary');
  const ids = async (role: 'userIds' | 'itemIds', count: number): Promise<IdLookup> => {
    const bytes = new Uint8Array(await read(role, null));
    const offsets = new Uint32Array(
      await read(`${role.slice(0, 4)}IdOffsets` as FileRole, 4 * (count + 1)),
    );
    checkOffsets(file(`${role.slice(0, 4)}IdOffsets` as FileRole), offsets, bytes.length, 1);
    return new FlatIdLookup(bytes, offsets);
  };
  const userIds = await ids('userIds', users);
  const itemIds = await ids('itemIds', items);
  // Nobody may need the tokenizer, but a damaged one must not stay unseen.
  await read('tokenizer', null);
  await read('tokenizerConfig', null);
  return {
    directory: folder,
    name: manifest.name,
    digest,
    users,
    items,
    vocabularySize: vocabulary,
    sequenceOffsets,
    sequenceItems,
    sequenceLabels: await readLabels(folder, manifest, verification),
    itemTokenOffsets,
    itemTokens: tokens,
    userIds,
    itemIds,
    manifest,
  };
}

function readRole<B extends ArrayBufferLike>(
  folder: string,
  manifest: DatasetManifest,
  role: FileRole,
  bytes: number | null,
  options: ReadOptions<B>,
): Promise<B> {
  const entry = manifest.files.find(({ name }) => name === fileNames[role])!;
  if (bytes !== null && entry.bytes !== bytes) {
    throw damaged(
      join(folder, entry.name),
      `dataset.json lists ${entry.bytes} bytes: its counts ask for ${bytes}`,
    );
  }
  return readFlatFile(folder, entry, options);
}

function checkRange(file: string, values: Int32Array, end: number, what: string): void {
  for (let i = 0; i < values.length; i++) {
    if (values[i]! < 0 || values[i]! >= end) {
      throw damaged(file, `value ${i} is ${values[i]}: there are ${end} ${what}`);
    }
  }
}

/** Makes its hash table only when an id is looked up, which training never does. */
class FlatIdLookup implements IdLookup {
  readonly count: number;
  readonly #bytes: Uint8Array;
  readonly #offsets: Uint32Array;
  #table: IdTable | null = null;

  constructor(bytes: Uint8Array, offsets: Uint32Array) {
    this.count = offsets.length - 1;
    this.#bytes = bytes;
    this.#offsets = offsets;
  }

  idOf(number: number): string {
    const [start, end] = [this.#offsets[number], this.#offsets[number + 1]];
    if (start === undefined || end === undefined) {
      throw new RangeError(`Cannot name number ${number}: it should be in [0, ${this.count})`);
    }
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, end - start).toString();
  }

  numberOf(id: string): number {
    this.#table ??= IdTable.from({ bytes: this.#bytes, offsets: this.#offsets });
    const bytes = Buffer.from(id);
    return this.#table.find(bytes, 0, bytes.length);
  }
}
