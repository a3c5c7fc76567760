/** Where no kubelet runs a pod, somebody must say how it ended. */
import type { ClusterApi } from '../../../k8s/api/cluster-api.js';
import { labelsOf } from '../../../k8s/names.js';

/** The newest coordinator pod of a job ends with that exit code; where there is none, nothing happens. */
export async function endCoordinator(
  api: ClusterApi,
  job: string,
  exitCode: number,
): Promise<void> {
  const selector = Object.entries(labelsOf(job, 'coordinator'))
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
  const { items } = await api.list('Pod', 'default', selector);
  const pod = items.find(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (pod === undefined) return;
  const place = { kind: 'Pod', namespace: 'default', name: pod.metadata.name } as const;
  const now = new Date().toISOString().replace(/\.\d+Z/, 'Z');
  await api.patch(
    { ...place, subresource: 'status' },
    {
      status: {
        phase: exitCode === 0 ? 'Succeeded' : 'Failed',
        containerStatuses: [
          {
            name: 'coordinator',
            image: 'localhost/lockstep-coordinator:test',
            imageID: '',
            ready: false,
            restartCount: 0,
            state: {
              terminated: {
                exitCode,
                startedAt: now,
                finishedAt: now,
                reason: exitCode === 0 ? 'Completed' : 'Error',
                message: JSON.stringify({ kind: exitCode === 0 ? 'finished' : 'failed' }),
              },
            },
          },
        ],
      },
    },
  );
}
