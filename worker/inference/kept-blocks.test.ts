import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { tinyModel } from '../model/tiny-model.js';
import { openKeptBlocks } from './kept-blocks.js';
import { cataloguesKept } from './limits.js';
import type { TrainedModel } from './trained-model.js';

const root = mkdtempSync(join(tmpdir(), 'lockstep-kept-'));
after(() => rmSync(root, { recursive: true, force: true }));

const modelOf = (job: number, weights: string): TrainedModel =>
  ({
    dataset: { digest: 'd' },
    engine: { name: 'cpu', version: '1', device: 'cpu' },
    job: { spec: { model: { item: {} }, engine: { threads: 1, precision: 'f32', mode: 'exact' } } },
    model: { config: tinyModel },
    checkpoint: {
      manifest: { jobDigest: `${job}`.padStart(32, '0').padEnd(64, '0'), weightsSha256: weights },
    },
  }) as unknown as TrainedModel;

const values = Float32Array.of(1, 2, 3);

async function readBack(cache: string, model: TrainedModel): Promise<Float32Array | null> {
  const blocks = await openKeptBlocks(model, cache, new Date(0), assert.fail);
  const found = new Float32Array(3);
  return (await blocks?.read(0, found)) === true ? found : null;
}

// Would catch embeddings of other weights, which are as wrong as they are plausible.
test('blocks are found again by their weights, and those of other weights of the job go', async () => {
  const cache = join(root, 'weights');
  const blocks = await openKeptBlocks(modelOf(1, 'a'), cache, new Date(0), assert.fail);
  await blocks?.write(0, values);
  assert.deepEqual(await readBack(cache, modelOf(1, 'a')), values);
  assert.equal(await readBack(cache, modelOf(1, 'b')), null);
  assert.equal(await readBack(cache, modelOf(1, 'a')), null);
});

// Would catch a cache that grows with every job, or loses the one that is in use.
test('the jobs that were not asked for longest go', async () => {
  const cache = join(root, 'jobs');
  for (let job = 0; job < cataloguesKept + 2; job++) {
    await openKeptBlocks(modelOf(job, 'a'), cache, new Date(1000 * (job + 1)), assert.fail);
    await openKeptBlocks(modelOf(0, 'a'), cache, new Date(1000 * (job + 1)), assert.fail);
  }
  const kept = readdirSync(join(cache, 'catalogues')).map(Number);
  assert.equal(kept.length, cataloguesKept);
  assert.ok(kept.includes(0) && !kept.includes(1) && kept.includes(cataloguesKept + 1));
});

// Would catch a question without an answer because the disk of the cache is full or not ours.
test('where nothing can be kept, that is said and no error', async () => {
  const cache = join(root, 'file');
  writeFileSync(cache, '');
  const notes: string[] = [];
  const note = (text: string) => notes.push(text);
  assert.equal(await openKeptBlocks(modelOf(1, 'a'), cache, new Date(0), note), null);
  assert.match(notes.join(), /^item embeddings are not kept for the next time: /);
  const gone = join(root, 'gone');
  const blocks = await openKeptBlocks(modelOf(1, 'a'), gone, new Date(0), note);
  rmSync(gone, { recursive: true });
  await blocks?.write(0, values);
  await blocks?.write(1, values);
  assert.equal(notes.length, 2);
});
