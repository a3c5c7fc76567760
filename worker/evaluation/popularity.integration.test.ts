import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ensureDataset } from '../../dataset/built-in/built-in-datasets.js';
import { openDataset } from '../../dataset/dataset.js';
import { projectRoot } from '../../shared/project-root.js';
import { evaluatePopularity } from './popularity.js';

test('popularity on MovieLens-100K finds 81 of 943 test films and 70 validation films in ten', async () => {
  // Catches any change of the split, the order of equal times, the mask or the metrics. The numbers
  // were computed by a second program (a dozen lines of Python with dictionaries).
  const root = fileURLToPath(new URL('data/', projectRoot));
  const dataset = await openDataset(await ensureDataset('movielens-100k', root));
  const found = evaluatePopularity(dataset, 'test', [10]).values;
  assert.equal(found['recall@10'], 81 / 943);
  assert.equal(found['ndcg@10']!.toFixed(4), '0.0449');
  const validation = evaluatePopularity(dataset, 'validation', [10]).values;
  assert.equal(validation['recall@10'], 70 / 943);
  assert.equal(validation['ndcg@10']!.toFixed(4), '0.0345');
});
