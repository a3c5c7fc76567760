import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveObject } from '../../../k8s/crd/resolve-object.js';
import { brokenJobs } from './broken-jobs.js';
import { verdictsOf } from './dry-run.js';
import { exampleWith, objectOf } from './job-objects.js';

// Would catch: a job that the API server refuses and the command line runs, or the other way round.
test('whatever the API server refuses, the schema refuses too', () => {
  for (const { set } of brokenJobs) {
    const object = objectOf(exampleWith(set));
    const isSchema = object.apiVersion === 'lockstep.dev/v1alpha1';
    assert.equal(resolveObject(object).kind, 'invalid', `${set}${isSchema ? '' : ' (version)'}`);
  }
});

// Would catch: a message held against another case than its own.
test('errors are told apart by the files that they name', () => {
  const text =
    'resource mapping not found for name: "a" from "/t/case-0003.json": no matches for kind\n' +
    'ensure CRDs are installed first\n' +
    'Error from server (Invalid): error when creating "/t/case-0001.json": spec.x: too large\n' +
    'Error from server (Invalid): error when applying patch:\n{}\nfor: "/t/case-0012.json": no\n';
  const verdicts = verdictsOf(text);
  assert.deepEqual([...verdicts.keys()], [3, 1, 12]);
  assert.match(verdicts.get(1) ?? '', /spec\.x: too large$/);
});
