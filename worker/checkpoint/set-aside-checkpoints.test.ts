import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setAsideCheckpoints } from './set-aside-checkpoints.js';
import { asideFolder } from './store/folder-store.js';

async function folderWith(context: TestContext, names: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lockstep-aside-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  for (const name of names) await mkdir(join(folder, name));
  return folder;
}

const names = ['step-00000010', 'step-00000020', 'step-00000030'];

// Catches: a resume that goes on from the weights that a rollback has given up, and files that are gone.
test('checkpoints after the one that counts step aside', async (context) => {
  const folder = await folderWith(context, [...names, 'mine']);
  assert.deepEqual(await setAsideCheckpoints(folder, 10), [20, 30]);
  assert.deepEqual((await readdir(folder)).sort(), [asideFolder, 'mine', 'step-00000010']);
  assert.deepEqual(await readdir(join(folder, asideFolder)), names.slice(1));
});

// Catches: a second collapse of the same job that fails because of what the first one left.
test('what was set aside before is replaced', async (context) => {
  const folder = await folderWith(context, names);
  await setAsideCheckpoints(folder, 20);
  await mkdir(join(folder, 'step-00000030'));
  await writeFile(join(folder, 'step-00000030', 'which'), 'the second');
  await setAsideCheckpoints(folder, 20);
  const path = join(folder, asideFolder, 'step-00000030', 'which');
  assert.equal(await readFile(path, 'utf8'), 'the second');
});

test('a folder without any is left as it is', async (context) => {
  const folder = await folderWith(context, ['step-00000010']);
  assert.deepEqual(await setAsideCheckpoints(folder, 10), []);
  assert.deepEqual(await readdir(folder), ['step-00000010']);
  assert.deepEqual(await setAsideCheckpoints(join(folder, 'absent'), 0), []);
});
