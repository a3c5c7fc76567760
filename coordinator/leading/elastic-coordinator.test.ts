import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trainingCluster } from './elastic-fixture.js';

// Would catch a run that does not begin, record or end in the ordinary case.
test('two workers train to the end, and the log tells all of it', async () => {
  const cluster = await trainingCluster();
  assert.deepEqual(
    cluster.workers.map(({ phase }) => phase),
    ['training', 'training'],
  );
  await cluster.steps(3);
  assert.deepEqual(await cluster.committed(), [0, 1, 2]);
  await cluster.pass(1000);
  assert.equal(cluster.workers[0]?.outbox.length, 0);
  for (const worker of cluster.workers) worker.finish();
  await cluster.pass(2000);
  const [standing] = cluster.coordinators;
  assert.equal(standing?.outcome?.kind, 'finished');
  const kinds = (await cluster.log())
    .map(({ entry }) => entry.kind)
    .filter((kind) => kind !== 'waiting');
  assert.deepEqual(kinds.slice(0, 3), ['led', 'generation', 'generation']);
  assert.equal(kinds.at(-1), 'finished');
  assert.equal(cluster.workers[0]?.lead?.over?.kind, 'finished');
});
