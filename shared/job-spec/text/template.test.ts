import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJob, resolveJob } from '../job-spec.js';
import { isOfCluster, specFields } from './reference.js';
import { jobTemplate, type TemplateData } from './template.js';

const places: TemplateData[] = [
  { dataset: 'movielens-100k' },
  { path: 'data/my books' },
  { path: 'yes' },
];

// Would catch a template that no longer parses, or that says something else than the defaults.
test('the template is the job with nothing but its data', () => {
  for (const data of places) {
    const job = parseJob(jobTemplate('books', data));
    assert.deepEqual(
      job,
      resolveJob({
        apiVersion: 'lockstep.dev/v1alpha1',
        kind: 'TrainingJob',
        metadata: { name: 'books' },
        spec: { data },
      }),
    );
  }
});

// Would catch a field that a user of the template never hears of.
test('every field stands in the template with its meaning', () => {
  const text = jobTemplate('books', { path: 'x' });
  const words = text.replaceAll(/\n *# /g, ' ').replaceAll(/\s+/g, ' ');
  for (const { path, description, children } of specFields().values()) {
    if (children.length > 0 || isOfCluster(path)) continue;
    assert.match(text, new RegExp(`^ *(# )?${path.split('.').at(-1)}: `, 'm'), path);
    assert.ok(words.includes(description), path);
  }
  assert.ok(text.split('\n').every((line) => line.length <= 110));
});

// Would catch a width that is written out and then contradicts the hidden size that a user changes.
test('what follows from other fields is not set', () => {
  assert.match(jobTemplate('books', { path: 'x' }), /^ +# intermediateSize: 4 x /m);
});
