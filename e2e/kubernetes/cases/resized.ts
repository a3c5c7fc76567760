/** What users change while a job trains: how many workers, and whether it trains at all. */
import assert from 'node:assert/strict';
import { longSteps, shortSteps } from '../job.js';
import type { KubernetesCase } from '../kubernetes-case.js';

export const scaled: KubernetesCase = {
  name: 'scaled',
  title: '`kubectl scale` from 2 to 3 to 1 workers changes the speed and no bit',
  compares: [longSteps],
  async run(scene) {
    const job = await scene.launch('movies', longSteps);
    await job.trainsWith(2);
    await job.kubectl('scale', 'tj/movies', '--replicas=3');
    await job.trainsWith(3);
    await job.kubectl('scale', 'tj/movies', '--replicas=1');
    await job.trainsWith(1);
    await job.completes();
  },
};

export const suspended: KubernetesCase = {
  name: 'suspended',
  title: 'a suspended job frees its pods, and resumed it goes on from where it was',
  compares: [shortSteps],
  async run(scene) {
    const job = await scene.launch('movies', shortSteps);
    await job.reachesStep(25);
    await job.patch({ spec: { suspend: true } });
    const { status } = await job.reachesState('Suspended');
    const reached = status.step;
    await job.kubectl('wait', '--for=delete', 'pod', '-l', `lockstep.dev/job=movies`);
    await job.patch({ spec: { suspend: false } });
    const resumed = await job.trainsWith(2);
    // From a checkpoint of the very step, not from the last one that was due.
    assert.ok(resumed.status.step >= reached, `${resumed.status.step} after ${reached}`);
    await job.completes();
  },
};
