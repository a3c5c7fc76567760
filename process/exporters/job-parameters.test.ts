import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJob } from '../../shared/job-spec/job-spec.js';
import { jobParameters } from './job-parameters.js';

// Would catch addresses of servers and matters of a cluster among what runs are compared by.
test('parameters are the leaves of what is trained', () => {
  const job = parseJob(`
apiVersion: lockstep.dev/v1alpha1
kind: TrainingJob
metadata: {name: tiny}
spec:
  data: {dataset: movielens-100k}
  history: {tensorboard: true}
  suspend: false
`);
  const parameters = new Map(jobParameters(job));
  assert.equal(parameters.get('data.dataset'), 'movielens-100k');
  assert.equal(parameters.get('model.item.hiddenSize'), '64');
  assert.equal(parameters.get('evaluation.cutoffs'), '[5,10,50,200]');
  const names = [...parameters.keys()];
  assert.ok(!names.some((name) => /^(history|suspend|kubernetes)/.test(name)), names.join());
});
