import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ensureDataset } from '../../dataset/built-in/built-in-datasets.js';
import { openDataset } from '../../dataset/dataset.js';
import { projectRoot } from '../../shared/project-root.js';
import { evaluatePopularity } from './popularity.js';
import { questions } from './questions.js';

test('popularity on MovieLens-100K finds 80 of 943 test films and 69.5 validation films in ten', async () => {
  // Catches any change of the split, the order of equal times, the mask or the metrics. The numbers
  // were computed by a second program (a dozen lines of Python with dictionaries); halves are ties.
  const root = fileURLToPath(new URL('data/', projectRoot));
  const dataset = await openDataset(await ensureDataset('movielens-100k', root));
  const rules = { cutoffs: [10], repeats: 'allow' } as const;
  const of = (split: 'validation' | 'test') =>
    evaluatePopularity(dataset, questions(dataset, split, rules.repeats), rules).values;
  const found = of('test');
  assert.equal(found['recall@10'], 80 / 943);
  assert.equal(found['ndcg@10']!.toFixed(4), '0.0441');
  assert.equal(found.mrr!.toFixed(4), '0.0409');
  const validation = of('validation');
  assert.equal(validation['recall@10'], 69.5 / 943);
  assert.equal(validation['ndcg@10']!.toFixed(4), '0.0342');
});
