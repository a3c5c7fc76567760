import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Log } from '../../shared/log.js';
import { findCheckpoint } from './find-checkpoint.js';

// Would catch words for a training run in an evaluation, which never starts from the seed.
test('who finds no checkpoint says so, and not what becomes of it', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-find-checkpoint-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const jobFile = join(folder, 'job.json');
  writeFileSync(
    jobFile,
    JSON.stringify({
      apiVersion: 'lockstep.dev/v1alpha1',
      kind: 'TrainingJob',
      metadata: { name: 'tiny' },
      spec: { data: { path: 'none' } },
    }),
  );
  const said: string[] = [];
  const wish = { wish: 'newest', checkpoints: folder, jobFile, jobDigest: null };
  const found = await findCheckpoint(wish, {} as Log, (text) => said.push(text));
  assert.equal(found, null);
  assert.deepEqual(said, [`no checkpoint in ${folder} can be used`]);
});
