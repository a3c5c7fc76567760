import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { builtInFolder } from './built-in-datasets.js';
import { dataRootFor } from './data-root.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-root-'));
after(() => rmSync(folder, { recursive: true }));

// Would catch another user's command that wants to write into an installation which is not its own.
test('a dataset is where it is, else where this user may write', async () => {
  const [installed, own] = [join(folder, 'installed'), join(folder, 'own', 'cache', 'data')];
  assert.equal(await dataRootFor('x', [installed, own]), installed);
  // Below a file nobody can make a folder, not even root.
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const closed = join(file, 'data');
  assert.equal(await dataRootFor('x', [closed, own]), own);
  mkdirSync(builtInFolder('x', own), { recursive: true });
  assert.equal(await dataRootFor('x', [installed, own]), own);
});
