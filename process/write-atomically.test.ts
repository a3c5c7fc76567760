import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { writeAtomically } from './write-atomically.js';

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'lockstep-atomic-'));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

// Catches: a text that is cut where one write stops, and a temporary file that stays.
test('the whole text takes the place of the old one', (context) => {
  const path = join(folder(context), 'job.json');
  writeAtomically(path, 'old');
  const text = 'é'.repeat(3_000_000);
  writeAtomically(path, text);
  assert.equal(readFileSync(path, 'utf8'), text);
  assert.deepEqual(readdirSync(join(path, '..')), ['job.json']);
});

// Catches: a refusal that names neither the file nor what was being done, and half a file left over.
test('what cannot be written is named, and nothing is left of it', (context) => {
  const path = join(folder(context), 'job.json');
  mkdirSync(join(path, 'in the way'), { recursive: true });
  assert.throws(() => writeAtomically(path, 'x'), {
    name: 'StorageError',
    code: 'STORAGE',
    path,
    message: /^Cannot write a file to .*job\.json: /,
  });
  assert.deepEqual(readdirSync(join(path, '..')), ['job.json']);
});
