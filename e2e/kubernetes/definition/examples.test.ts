import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { resolveObject } from '../../../k8s/crd/resolve-object.js';
import { parseJob, readJobValue } from '../../../shared/job-spec/job-spec.js';
import { projectRoot } from '../../../shared/project-root.js';
import { objectOf } from './job-objects.js';

const folder = new URL('examples/k8s/', projectRoot);

/** Those of a file that may hold other objects too. */
const jobsIn = (file: string): string[] =>
  readFileSync(new URL(file, folder), 'utf8')
    .split(/^---$/m)
    .filter((text) => /^kind: TrainingJob$/m.test(text));

// Would catch: an example for a cluster that cannot be tried on one machine, or that no controller takes.
test('every example for a cluster is a job on one machine too', () => {
  const files = readdirSync(folder);
  assert.ok(files.length >= 5);
  for (const file of files) {
    const [text, ...others] = jobsIn(file);
    assert.ok(text !== undefined && others.length === 0, file);
    assert.equal(parseJob(text).kind, 'TrainingJob');
    assert.equal(resolveObject(objectOf(readJobValue(text))).kind, 'resolved', file);
  }
});
