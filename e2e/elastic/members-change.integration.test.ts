/** Members come and go while real processes train; the weights are those of a run that nothing happened to. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { smallDataset } from '../run/small-run/small-dataset.js';
import { smallJob } from '../run/small-run/small-job.js';
import { CoordinatedCluster } from './elastic-cluster.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-members-'));
const dataset = join(folder, 'dataset');
const steps = 40;
const workers = ['worker-0', 'worker-1', 'worker-2'];
const job = smallJob(dataset, {
  duration: { steps },
  lanes: 4,
  workers: { replicas: 2, min: 1, max: 2 },
  checkpoint: { everySteps: 20 },
});
let undisturbed: string;

const isAt = (step: number) => (happening: { report: { step: number } }) =>
  happening.report.step === step;

before(async () => {
  await smallDataset(dataset);
  const cluster = await CoordinatedCluster.open(dataset, job);
  try {
    cluster.startCoordinator();
    cluster.startWorker('worker-0');
    cluster.startWorker('worker-1');
    const { result } = await cluster.until('finished');
    undisturbed = result.weightsSha256;
    assert.equal(await cluster.exitOf('worker-0'), 0);
    assert.equal(await cluster.exitOf('coordinator'), 0);
  } finally {
    await cluster.close();
  }
});
after(() => rmSync(folder, { recursive: true, force: true }));

// Would catch a step that is lost or counted twice, a joiner with other bits, and a survivor that waits.
test('one is killed, one that stood by takes its place, one drains: the same weights', async () => {
  const cluster = await CoordinatedCluster.open(dataset, job);
  try {
    cluster.startCoordinator();
    for (const name of workers) cluster.startWorker(name);
    const first = await cluster.until('generation', ({ position }) => position !== null);
    const [stays = '', lost = ''] = first.members.map(({ worker }) => worker);
    const spare = workers.find((name) => name !== stays && name !== lost) as string;
    await cluster.until('committed', isAt(6));
    cluster.signal(lost, 'SIGKILL');
    const second = await cluster.until('committed', ({ generation }) => generation > 1);
    await cluster.until('committed', isAt(second.report.step + 4));
    cluster.signal(stays, 'SIGTERM');
    assert.equal(await cluster.exitOf(stays), 5);
    const { result } = await cluster.until('finished');
    assert.equal(result.weightsSha256, undisturbed);
    assert.equal(await cluster.exitOf(spare), 0);
    const committed = cluster.of('committed').map(({ report }) => report.step);
    assert.deepEqual(
      committed,
      Array.from({ length: steps }, (_, step) => step),
    );
    const last = cluster.of('generation').at(-1);
    assert.deepEqual([last?.planned, last?.members.map(({ worker }) => worker)], [true, [spare]]);
  } finally {
    await cluster.close();
  }
});
