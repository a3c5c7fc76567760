import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseJob } from '../shared/job-spec/job-spec.js';
import { initCommand, jobName } from './init.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-init-'));
after(() => rmSync(folder, { recursive: true, force: true }));

// Would catch a job that cannot be trained as it was written, and one that is overwritten.
test('init writes a job that parses, once', async () => {
  const file = join(folder, 'job.yaml');
  assert.equal(await initCommand([file, '--dataset', 'movielens-100k', '--name', 'films']), 0);
  const job = parseJob(readFileSync(file, 'utf8'));
  assert.equal(job.metadata.name, 'films');
  assert.equal(job.spec.data.dataset, 'movielens-100k');
  writeFileSync(file, 'mine');
  await assert.rejects(initCommand([file, '--dataset', 'movielens-100k']), { code: 'USAGE' });
  assert.equal(readFileSync(file, 'utf8'), 'mine');
});

// Would catch a job for a folder that no training could open.
test('init refuses a folder that is no dataset, and data that is named twice or not at all', async () => {
  const file = join(folder, 'other.yaml');
  await assert.rejects(initCommand([file, '--data', folder]), { name: 'DatasetError' });
  await assert.rejects(initCommand([file]), { code: 'USAGE' });
  await assert.rejects(initCommand([file, '--data', folder, '--dataset', 'movielens-100k']), {
    code: 'USAGE',
  });
  await assert.rejects(initCommand([file, '--dataset', 'films']), /one of movielens-100k/);
});

// Would catch names that the job's schema refuses.
test('a folder becomes a name for the job', () => {
  assert.equal(jobName('My Books (2024)'), 'my-books-2024');
  assert.equal(jobName('本'), 'job');
});
