/**
 * Embeddings of a catalogue that were computed once stay in the user's cache: a large Item LLM takes hours
 * over a large catalogue on a CPU, and the next question needs the same.
 */
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { storing } from '../../storage/storage-error.js';
import { BlockFolder, type Blocks } from '../training/item-cache/block-folder.js';
import { itemCacheKeyOf } from '../training/item-cache/item-cache-key.js';
import { cataloguesKept } from './limits.js';
import type { TrainedModel } from './trained-model.js';

/**
 * Those of the model's weights, in a folder of its job's; other weights of the job, and the jobs that were
 * not asked for longest, lose theirs. Where the cache cannot be used, nothing is kept, and `note` hears why.
 *
 * @param cache the user's
 * @param now of the wall clock
 */
export async function openKeptBlocks(
  { dataset, engine, job, model, checkpoint }: TrainedModel,
  cache: string,
  now: Date,
  note: (text: string) => void,
): Promise<Blocks | null> {
  const { jobDigest, weightsSha256 } = checkpoint.manifest;
  const key = itemCacheKeyOf({ dataset, engine, job, config: model.config }, weightsSha256);
  const all = join(cache, 'catalogues');
  const own = join(all, jobDigest.slice(0, 32));
  try {
    const folder = await BlockFolder.open(own, 'item-embeddings', key);
    await storing('item embeddings', own, async () => {
      await utimes(own, now, now);
      await removeOldest(all);
    });
    return keptOrNot(folder, note);
  } catch (error) {
    note(notKept(error));
    return null;
  }
}

async function removeOldest(folder: string): Promise<void> {
  const paths = (await readdir(folder)).map((name) => join(folder, name));
  const used = await Promise.all(
    paths.map(async (path) => ({ path, at: (await stat(path)).mtimeMs })),
  );
  const old = used.sort((a, b) => b.at - a.at).slice(cataloguesKept);
  for (const { path } of old) await rm(path, { recursive: true, force: true });
}

/** An answer is worth more than what it leaves for the next one: what cannot be written is left out. */
function keptOrNot(folder: BlockFolder, note: (text: string) => void): Blocks {
  let isWritable = true;
  return {
    read: (block, values) => folder.read(block, values),
    write: async (block, values) => {
      if (!isWritable) return;
      try {
        await folder.write(block, values);
      } catch (error) {
        isWritable = false;
        note(notKept(error));
      }
    },
  };
}

const notKept = (error: unknown): string =>
  `item embeddings are not kept for the next time: ${(error as Error).message}`;
