/** More than the cluster has: the job waits, and says for what. */
import assert from 'node:assert/strict';
import { shortSteps } from '../job.js';
import type { KubernetesCase } from '../kubernetes-case.js';

export const gpusMissing: KubernetesCase = {
  name: 'gpus-missing',
  title: 'workers that ask for more GPUs than nodes offer wait, and the status says why',
  needs: ['gpus'],
  compares: [],
  async run(scene) {
    const job = await scene.launch('movies', shortSteps, {
      spec: { workers: { replicas: 2, min: 2 } },
      kubernetes: { worker: { gpus: 16 } },
    });
    const message = await job.until('a reason', ({ status }) => {
      const text: string = status?.message ?? '';
      return text.includes('nvidia.com/gpu') && text;
    });
    assert.match(message, /Insufficient nvidia.com\/gpu/);
    assert.equal((await job.reachesState('Pending')).status.step ?? 0, 0);
  },
};
