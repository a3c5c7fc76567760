/** A job in a queue of Kueue: waits for quota, trains, gives way, and goes on from where it was. */
import assert from 'node:assert/strict';
import { longSteps, shortSteps } from '../job.js';
import { apply, kubectl } from '../kubectl.js';
import type { KubernetesCase } from '../kubernetes-case.js';
import type { Scene } from '../scene.js';

const queue = 'suite';

export const queued: KubernetesCase = {
  name: 'queued',
  title: 'a job waits for quota, is admitted, preempted, and resumed from where it was',
  needs: ['kueue'],
  compares: [shortSteps, longSteps],
  async run(scene) {
    await makeQueue(scene);
    const labels = { 'kueue.x-k8s.io/queue-name': queue };
    // The queue has room for two workers.
    const kubernetes = { worker: { resources: { requests: { cpu: '100m', memory: '256Mi' } } } };
    const low = await scene.launch('low', longSteps, { labels, kubernetes });
    await low.reachesStep(15);
    const later = await scene.launch('later', shortSteps, { labels, kubernetes });
    await later.reachesState('Queued');
    const urgent = { ...labels, 'kueue.x-k8s.io/priority-class': 'suite-urgent' };
    await kubectl(['delete', 'tj', '-n', scene.namespace, 'later']);
    const high = await scene.launch('high', shortSteps, { labels: urgent, kubernetes });
    const { status } = await low.reachesState('Queued');
    await high.completes();
    const resumed = await low.trainsWith(2);
    assert.ok(resumed.status.step >= status.step, `${resumed.status.step} after ${status.step}`);
    await low.completes();
  },
};

async function makeQueue({ namespace }: Scene): Promise<void> {
  const apiVersion = 'kueue.x-k8s.io/v1beta1';
  const quota = (name: string, nominalQuota: string) => ({ name, nominalQuota });
  await apply(
    { apiVersion, kind: 'ResourceFlavor', metadata: { name: 'suite' } },
    {
      apiVersion,
      kind: 'WorkloadPriorityClass',
      metadata: { name: 'suite-urgent' },
      value: 1000,
      description: 'goes before others',
    },
    {
      apiVersion,
      kind: 'ClusterQueue',
      metadata: { name: 'suite' },
      spec: {
        namespaceSelector: {},
        preemption: { withinClusterQueue: 'LowerPriority' },
        resourceGroups: [
          {
            coveredResources: ['cpu', 'memory'],
            flavors: [{ name: 'suite', resources: [quota('cpu', '200m'), quota('memory', '1Gi')] }],
          },
        ],
      },
    },
    {
      apiVersion,
      kind: 'LocalQueue',
      metadata: { name: queue, namespace },
      spec: { clusterQueue: 'suite' },
    },
  );
}
