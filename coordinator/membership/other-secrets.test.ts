import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workerId } from '../../shared/ids.js';
import { Cluster, facts, status } from './cluster-fixture.js';
import { otherSecrets } from './other-secrets.js';

const [ours, theirs] = ['00000000000000aa', '00000000000000bb'];

/** Workers `a`, `b`, ... stand by, with these secrets. */
function standing(...secrets: (string | null)[]): Cluster {
  const cluster = new Cluster();
  for (const [index, secret] of secrets.entries()) {
    const worker = workerId('abc'[index] as string);
    cluster.memory.hear(cluster.now, worker, status({ secret }));
  }
  return cluster;
}

const others = (cluster: Cluster): string[] => {
  const view = cluster.memory.view(facts);
  return [...otherSecrets(view, [...view.workers.values()])];
};

// Would catch a worker with another secret that is made a member: it breaks the links of the others.
test('who has another secret than most is left out, one who has none too', () => {
  assert.deepEqual(others(standing(ours, theirs, ours)), ['b']);
  assert.deepEqual(others(standing(ours, ours, null)), ['c']);
  assert.deepEqual(others(standing(null, null)), []);
  assert.deepEqual(others(standing(ours, theirs)), ['b']);
});
