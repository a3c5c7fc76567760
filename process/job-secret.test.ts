import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readJobSecret } from './job-secret.js';

const secret = '0123456789abcdef0123456789abcdef';

// Would catch a line break of an editor that makes two hosts strangers to each other.
test('a secret is the same from the environment and from a file, whatever surrounds it', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-secret-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'secret');
  writeFileSync(file, `${secret}\n`);
  const expected = Buffer.from(secret);
  assert.deepEqual(readJobSecret({ LOCKSTEP_SECRET: secret }), expected);
  assert.deepEqual(readJobSecret({ LOCKSTEP_SECRET_FILE: file }), expected);
  assert.equal(readJobSecret({}), null);
});

// Would catch a secret in an error, and one that could be guessed.
test('what cannot be a secret is refused by name and length, without its content', () => {
  assert.throws(
    () => readJobSecret({ LOCKSTEP_SECRET: 'geheim' }),
    (error: Error) =>
      /LOCKSTEP_SECRET .* has 6/.test(error.message) && !/geheim/.test(error.message),
  );
  assert.throws(
    () => readJobSecret({ LOCKSTEP_SECRET_FILE: '/does/not/exist' }),
    /LOCKSTEP_SECRET_FILE must name a file/,
  );
  assert.throws(
    () => readJobSecret({ LOCKSTEP_SECRET: secret, LOCKSTEP_SECRET_FILE: '/x' }),
    /exclude each other/,
  );
});
