/** nats-server is killed and started again while real processes train. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { smallDataset } from '../run/small-run/small-dataset.js';
import { smallJob } from '../run/small-run/small-job.js';
import { CoordinatedCluster } from './elastic-cluster.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-restart-'));
const dataset = join(folder, 'dataset');
const steps = 40;
const job = smallJob(dataset, {
  duration: { steps },
  lanes: 4,
  workers: { replicas: 2, min: 1, max: 2 },
});

before(() => smallDataset(dataset));
after(() => rmSync(folder, { recursive: true, force: true }));

async function weightsOf(disturb: (cluster: CoordinatedCluster) => Promise<void>): Promise<string> {
  const cluster = await CoordinatedCluster.open(dataset, job);
  try {
    cluster.startCoordinator();
    cluster.startWorker('worker-0');
    cluster.startWorker('worker-1');
    await disturb(cluster);
    const { result } = await cluster.until('finished');
    assert.deepEqual(
      cluster.of('committed').map(({ report }) => report.step),
      Array.from({ length: steps }, (_, step) => step),
    );
    assert.equal(await cluster.exitOf('worker-0'), 0);
    assert.equal(await cluster.exitOf('coordinator'), 0);
    return result.weightsSha256;
  } finally {
    await cluster.close();
  }
}

// Would catch a run that ends with its server, commits a step twice, or waits for an answer that never comes.
test('a run goes on over two restarts of nats-server, to the same weights', async () => {
  const disturbed = await weightsOf(async (cluster) => {
    for (const step of [5, 20]) {
      await cluster.until('committed', ({ report }) => report.step === step);
      await cluster.restartServer();
    }
  });
  assert.equal(disturbed, await weightsOf(async () => undefined));
});
