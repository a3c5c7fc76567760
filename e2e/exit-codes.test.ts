/** Every code that an error can have, as the sources have them, against the one table. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isKnownCode, knownCodes } from '../shared/exit-codes.js';
import { projectRoot } from '../shared/project-root.js';
import { sourceFiles } from './source-imports.js';

const folders = ['shared', 'bus', 'dataset', 'process', 'coordinator', 'worker', 'cli'];

/** An error class's own code, a union of them, and codes that are handed to a failure by name. */
const forms = [
  /readonly code(?:: [^=;]+)? = '([A-Z][A-Z0-9_]+)'/g,
  /(?:\bfail|\bonFailure)\(\s*'([A-Z][A-Z0-9_]+)'/g,
  /^ {2}\| '([A-Z][A-Z0-9_]+)'/gm,
  /\bcode: '([A-Z][A-Z0-9_]+)'/g,
];

const codesOf = (text: string): string[] =>
  forms.flatMap((form) => [...text.matchAll(form)].map((match) => match[1] as string));

// Would catch: an error that nobody gave an exit code, which a supervisor then takes for a defect, or
// restarts for ever.
test('every code that an error can have stands in the table of exit codes', () => {
  const programs = sourceFiles(folders).filter(
    (file) => !/\.(test|contract|bench)\.ts$/.test(file),
  );
  const found = programs.flatMap((file) =>
    codesOf(readFileSync(new URL(file, projectRoot), 'utf8')).map((code) => ({ file, code })),
  );
  assert.ok(found.length > 40);
  assert.deepEqual(
    found.filter(({ code }) => !isKnownCode(code)),
    [],
  );
});

// Would catch: codes that stay in the table, and in what users rely on, when their errors are gone.
test('every code in the table is one that a source has', () => {
  const table = 'shared/exit-codes.ts';
  const programs = sourceFiles([...folders, 'storage', 'pretrained', 'k8s']).filter(
    (file) => !file.endsWith(table) && !/\.(test|contract|bench)\.ts$/.test(file),
  );
  const text = programs.map((file) => readFileSync(new URL(file, projectRoot), 'utf8')).join('\n');
  assert.deepEqual(
    knownCodes.filter((code) => !text.includes(`'${code}'`)),
    [],
  );
});
