import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UsageError } from '../../usage-error.js';
import { readJobText } from './read-job-text.js';

const folder = mkdtempSync(join(tmpdir(), 'job-text-'));
after(() => rmSync(folder, { recursive: true }));

function written(bytes: Uint8Array | string): string {
  const file = join(folder, 'job.yaml');
  writeFileSync(file, bytes);
  return file;
}

// Would catch a message about YAML, or about an option, for a file that is no text at all.
for (const [what, bytes, said] of [
  ['UTF-16 with a mark', Buffer.from('\ufeffspec: {}', 'utf16le'), /UTF-16: save it as UTF-8/],
  ['UTF-16 without one', Buffer.from('spec: {}', 'utf16le'), /UTF-16/],
  ['Latin-1', Buffer.from('name: B\xfccher', 'latin1'), /must be text in UTF-8/],
  ['something huge', Buffer.alloc(5 * 1024 * 1024, 'a'), /at most 4194304 bytes/],
] as const) {
  test(`a job's file in ${what} is named for what it is`, () => {
    const file = written(bytes);
    assert.throws(
      () => readJobText(file),
      (error) => error instanceof UsageError && said.test(error.message),
    );
  });
}

test('a mark before UTF-8 is no part of the text', () => {
  assert.equal(readJobText(written('\ufeffspec: {}')), 'spec: {}');
});

test('a folder and a missing file are named', () => {
  assert.throws(() => readJobText(folder), /it is a folder: it must be a file of YAML/);
  assert.throws(() => readJobText(join(folder, 'none')), /ENOENT/);
});
