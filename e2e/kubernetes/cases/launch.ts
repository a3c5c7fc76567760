/** From `kubectl apply` to nothing: launch, progress, result, the end of its time to live. */
import assert from 'node:assert/strict';
import { shortSteps } from '../job.js';
import { get } from '../kubectl.js';
import type { KubernetesCase } from '../kubernetes-case.js';
import type { LaunchedJob } from '../scene.js';

export const launch: KubernetesCase = {
  name: 'launch',
  title: 'a job trains with its progress in the status, completes, and is gone after its time',
  compares: [shortSteps],
  async run(scene) {
    const job = await scene.launch('movies', shortSteps, { spec: { ttlSecondsAfterFinished: 15 } });
    const { status } = await job.until('progress', (object) => {
      const trainer = object.status?.trainerStatus;
      return (trainer?.progressPercentage ?? 0) > 0 && object;
    });
    assert.ok(status.totalSteps === shortSteps && status.loss > 0, JSON.stringify(status));
    const names = status.trainerStatus.metrics.map(({ name }: { name: string }) => name);
    assert.ok(names.includes('step_seconds'), `metrics of the status: ${names}`);
    const table = await job.kubectl('get', 'tj');
    assert.match(table, /NAME +STATE +WORKERS +STEP +LOSS +RESTARTS +AGE\nmovies +\w+ +2/);
    const done = await job.completes();
    assert.equal(done.status.restarts ?? 0, 0);
    await job.kubectl('wait', '--for=condition=Complete', 'tj/movies', '--timeout=5s');
    await job.kubectl('wait', '--for=delete', 'tj/movies', '--timeout=60s');
    await nothingIsLeft(job);
  },
};

/** Owned objects go after their owner. */
async function nothingIsLeft(job: LaunchedJob): Promise<void> {
  const kinds = 'jobs,pods,services,secrets,configmaps,poddisruptionbudgets';
  const selector = `lockstep.dev/job=${job.name}`;
  const words = ['wait', '--for=delete', kinds, '-l', selector, '--timeout=60s'];
  await job.kubectl(...words);
  const { items } = await get('-n', job.scene.namespace, kinds, '-l', selector);
  assert.deepEqual(items, []);
}
