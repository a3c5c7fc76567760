import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJob } from '../../../shared/job-spec/job-spec.js';
import { absolutePaths } from './job-paths.js';

const text = `
apiVersion: lockstep.dev/v1alpha1
kind: TrainingJob
metadata: { name: test }
spec: { data: { path: ../data/books }, init: { from: /runs/earlier } }
`;

function pathsOf(overrides: readonly string[]): [string | undefined, string | undefined] {
  const bases = { file: 'jobs/books.yaml', overrides, workingDirectory: '/home/me' };
  const { data, init } = absolutePaths(parseJob(text, overrides), bases).spec;
  return [data.path, init?.from];
}

// Would catch a job that works from one folder only, and a path of the command line that is looked
// for beside the file.
test('paths are relative to the file, those of the command line to where it is given', () => {
  assert.deepEqual(pathsOf([]), ['/home/me/data/books', '/runs/earlier']);
  assert.deepEqual(pathsOf(['data.path=x', 'seed=3']), ['/home/me/x', '/runs/earlier']);
  assert.deepEqual(pathsOf(['spec.data.path=/x', 'init.from="a b"']), ['/x', '/home/me/a b']);
});

// Would catch a built-in dataset that becomes a path.
test('a built-in dataset stays a name', () => {
  const named = parseJob(text, ['data.dataset=movielens-100k']);
  const bases = { file: 'a.yaml', overrides: [], workingDirectory: '/' };
  const { data } = absolutePaths(named, bases).spec;
  assert.deepEqual([data.dataset, 'path' in data], ['movielens-100k', false]);
});
