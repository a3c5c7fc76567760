import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { projectRoot } from '../../project-root.js';
import { specFields, specReferencePage } from './reference.js';

const page = new URL('docs/job-spec.md', projectRoot);

// Catches: a field or bound that changes in the schema while the documentation stays as it was.
test('docs/job-spec.md says what the schema says', () => {
  if (process.env.LOCKSTEP_UPDATE === '1') writeFileSync(page, specReferencePage());
  assert.equal(readFileSync(page, 'utf8'), specReferencePage());
});

// Catches: a field that is added without a word about its meaning or its bounds.
test('every leaf has a meaning and a rule', () => {
  const leaves = [...specFields().values()].filter(({ children }) => children.length === 0);
  assert.ok(leaves.length > 40);
  for (const { path, description, rule } of leaves) {
    assert.notEqual(description, '', path);
    assert.notEqual(rule, 'a mapping', path);
  }
});

// Catches: a default that is lost, or a required field that silently gets one.
test('only the identity of the job and its data are required', () => {
  const required = [...specFields().values()].filter((field) => field.required);
  assert.deepEqual(
    required.map(({ path }) => path),
    ['', 'apiVersion', 'kind', 'metadata', 'metadata.name', 'spec', 'spec.data'],
  );
});
