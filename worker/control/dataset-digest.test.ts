import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelledDigest } from '../../dataset/dataset-manifest.js';
import { importDataset } from '../../dataset/import/import-dataset.js';
import { temporaryFolder, writeInput } from '../../dataset/import/import-fixture.js';
import { datasetDigest } from './dataset-digest.js';

const stars = 'user_id,item_id,timestamp,stars\nu,a,1,5\nu,b,2,1\nu,c,3,4\n';

// Would catch a worker that evaluates by the labels of its own folder, which another threshold gave, and
// one that refuses a folder because of labels that its job never reads.
test('a folder is that of a job with labels only by the very labels', async (context) => {
  const importBy = async (atLeast: number) => {
    const options = writeInput(temporaryFolder(context), undefined, stars);
    return importDataset({ ...options, label: { column: 'stars', atLeast } });
  };
  const [four, five] = [await importBy(4), await importBy(5)];
  const plain = four.manifest.digest;
  const labelled = labelledDigest(four.manifest) as string;
  assert.equal(await datasetDigest(four.directory, labelled), labelled);
  assert.equal(await datasetDigest(five.directory, labelled), plain);
  assert.equal(await datasetDigest(five.directory, plain), plain);
  assert.equal(await datasetDigest('/nowhere', plain), null);
});
