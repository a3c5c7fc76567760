/** What a job learns that says nothing but where its data is. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeTastes } from '../../bench/tastes/tastes.js';
import { writeTastes } from '../../bench/tastes/write-tastes.js';
import { importDataset } from '../../dataset/import/import-dataset.js';
import { resolveJob } from '../../shared/job-spec/job-spec.js';
import { only, trainMembers } from './train-members.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-defaults-'));
after(() => rmSync(folder, { recursive: true, force: true }));

// Would catch defaults with which a first training, of few users and in few steps, learns nothing.
test('a job with nothing but its data beats popularity by far', async (context) => {
  const tastes = makeTastes({
    seed: 1,
    users: 150,
    items: 200,
    fewest: 8,
    most: 16,
    genresOfUser: 1,
    shareOfTaste: 0.9,
    flatness: 60,
  });
  const path = join(folder, 'dataset');
  await importDataset({ ...writeTastes(folder, tastes), output: path, name: 'tastes' });
  const job = resolveJob({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'tastes' },
    spec: { data: { path } },
  });
  const [said = []] = await trainMembers({
    job,
    datasetDirectory: path,
    checkpointDirectory: join(folder, 'checkpoints'),
    members: 1,
  });
  const { results } = only(said, 'evaluated');
  const metricOf = (model: string, metric: string) =>
    results.find((row) => row.model === model && row.split === 'test')?.values[metric] as number;
  for (const metric of ['recall@10', 'ndcg@10']) {
    const [learnt, popular] = [metricOf('hllm', metric), metricOf('popularity', metric)];
    const values = `${metric}: ${learnt.toFixed(3)}, of popularity ${popular.toFixed(3)}`;
    context.diagnostic(values);
    assert.ok(learnt > 2 * popular, values);
  }
});
