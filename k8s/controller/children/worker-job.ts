import { exitCodes } from '../../../shared/exit-codes.js';
import { apiGroup, childNames, labelsOf, metricsPorts } from '../../names.js';
import type { WrittenObject } from '../../objects/kubernetes-objects.js';
import { checkpointsPlace } from './checkpoints-place.js';
import { childMetadata } from './child-metadata.js';
import type { JobParts } from './job-parts.js';
import { podTemplate, processGrace, secretPath, statePath } from './pod-template.js';
import { natsEnv, secretVolume } from './process-parts.js';
import { queueLabels } from './queue-labels.js';
import { secretFiles } from './secret.js';

/** Which size of the spec the Job was last given: what a queue has made of it since is the queue's. */
export const replicasAnnotation = `${apiGroup}/replicas`;

/** A pod that is told to end, and did not listen. */
const terminated = 143;

/**
 * The Job of the workers: Indexed, since of all kinds this one can be queued by Kueue and can change its
 * size while it runs. Which index a worker has means nothing to it.
 */
export function workerJob(job: JobParts): WrittenObject {
  const { object, resolved } = job;
  const { name } = object.metadata;
  const { replicas } = resolved.workers;
  const queue = queueLabels(object);
  const metadata = childMetadata(object, childNames(name).worker, 'worker');
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, ...queue },
      annotations: { [replicasAnnotation]: String(replicas) },
    },
    spec: {
      completionMode: 'Indexed',
      parallelism: replicas,
      completions: replicas,
      backoffLimit: resolved.cluster.maxRestarts,
      // The one that goes with a failure policy: the next pod is made when the one before has ended.
      podReplacementPolicy: 'Failed',
      podFailurePolicy: {
        rules: [
          // A drained machine, a higher priority: no failure of the job.
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          rule('Ignore', [exitCodes.lost, exitCodes.stopped, terminated]),
          // Another pod would end the same way.
          rule('FailJob', [exitCodes.usage, exitCodes.training]),
        ],
      },
      // A queue starts what is in it.
      suspend: queue !== null,
      template: template(job),
    },
  };
}

const rule = (action: 'Ignore' | 'FailJob', values: readonly number[]): object => ({
  action,
  onExitCodes: { containerName: 'worker', operator: 'In', values },
});

function template(job: JobParts): object {
  const { installation, object, resolved } = job;
  const { name } = object.metadata;
  const { images, worker } = resolved.cluster.kubernetes;
  const checkpoints = checkpointsPlace(job);
  const withGpus = worker.gpus > 0;
  const { images: usual } = installation;
  return podTemplate(job, {
    component: 'worker',
    image: images.worker ?? (withGpus ? usual.workerWithGpus : usual.worker),
    args: [
      'worker',
      ...['--job', name, '--name', '$(POD_NAME)', '--output', `${statePath}/worker`],
      ...['--grace', String(processGrace(worker.gracePeriodSeconds))],
      ...['--metrics-host', '0.0.0.0', '--metrics-port', String(metricsPorts.worker)],
    ],
    env: [
      ...natsEnv(job, 'worker'),
      { name: 'LOCKSTEP_SECRET_FILE', value: `${secretPath}/${secretFiles.links}` },
      ...checkpoints.env,
    ],
    volumes: [
      secretVolume(job, 'worker'),
      { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: worker.sharedMemory } },
      ...checkpoints.volumes,
    ],
    mounts: [{ name: 'memory', mountPath: '/dev/shm' }, ...checkpoints.mounts],
    resources: withGpus
      ? {
          ...worker.resources,
          limits: { ...worker.resources?.limits, [worker.gpuResource]: String(worker.gpus) },
        }
      : (worker.resources ?? {}),
    graceSeconds: worker.gracePeriodSeconds,
    // Machines with GPUs are commonly kept free of pods that do not ask for one.
    tolerations: withGpus
      ? [{ key: worker.gpuResource, operator: 'Exists', effect: 'NoSchedule' }]
      : [],
    more: {
      // With the Job's own naming of pods, `POD.SERVICE` is a pod's name.
      subdomain: childNames(name).service,
      ...(worker.runtimeClassName && { runtimeClassName: worker.runtimeClassName }),
      ...(worker.spread === 'hosts' && {
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'kubernetes.io/hostname',
            whenUnsatisfiable: 'ScheduleAnyway',
            labelSelector: { matchLabels: labelsOf(name, 'worker') },
          },
        ],
      }),
    },
  });
}
