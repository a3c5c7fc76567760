import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { projectRoot } from '../../shared/project-root.js';
import { largestDefinition } from './custom-resource.js';
import { definitionPath, definitionText } from './definition-file.js';

// Would catch: a field that the command line takes and a cluster refuses, because the file is old.
test('k8s/crd/training-job.yaml says what the schema says', () => {
  const file = new URL(definitionPath, projectRoot);
  if (process.env.LOCKSTEP_UPDATE === '1') writeFileSync(file, definitionText());
  assert.equal(readFileSync(file, 'utf8'), definitionText());
});

// Would catch: a definition that `kubectl apply` cannot store beside itself.
test('the definition is small enough to be applied', () => {
  assert.ok(Buffer.byteLength(definitionText()) < largestDefinition);
});
