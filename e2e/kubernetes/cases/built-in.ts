/** The first thing that anybody tries: the example as it stands, and nothing else. */
import assert from 'node:assert/strict';
import { exampleFile, serveIndex, setPackageIndex } from '../index-in-cluster.js';
import type { KubernetesCase } from '../kubernetes-case.js';
import { LaunchedJob } from '../scene.js';

export const builtIn: KubernetesCase = {
  name: 'built-in',
  title:
    'the example alone launches a job, whose coordinator fetches the dataset, and so does the next one',
  // Its two workers do not fit on one of two cores, beside its coordinator.
  nodes: 2,
  compares: [],
  async run(scene) {
    await setPackageIndex(await serveIndex(scene));
    try {
      const job = new LaunchedJob(scene, 'movielens', 0);
      await job.kubectl('apply', '-f', exampleFile);
      await job.reachesStep(5);
      const { runId } = await job.trainsWith(2).then(({ status }) => status);
      const first = await job.runningPod('coordinator');
      await job.kubectl('delete', 'pod', first.metadata.name, '--grace-period=0', '--force');
      const step = await job.until('a step', ({ status }) => status?.step ?? false);
      // Further than the plans that the workers had of the first one.
      await job.reachesStep(step + 40);
      const second = await job.runningPod('coordinator');
      assert.notEqual(second.metadata.name, first.metadata.name);
      const log = await job.kubectl('logs', second.metadata.name);
      assert.match(log, /building the dataset movielens-100k in \/var\/lib\/lockstep\//);
      assert.equal((await job.until('its run', ({ status }) => status.runId)) as string, runId);
      await job.kubectl('delete', 'tj', 'movielens');
    } finally {
      await setPackageIndex(null);
    }
  },
};
