/** How a job runs on a cluster: docs/kubernetes.md. None of it decides the weights. */
import { z } from 'zod';
import { about, choice, flag, integer, subsetOf, text, usually } from '../fields.js';
import { annotations, labels, objectName, objectNames, quantity } from './kubernetes-names.js';
import { gracePeriod, pod } from './pods.js';

const image = (description: string) =>
  text(
    /^[A-Za-z0-9]([-A-Za-z0-9._/:@]*[A-Za-z0-9])?$/,
    512,
    'a name of an image of at most 512 characters, such as registry/name:tag',
    description,
  ).optional();

const subPath = (what: string) =>
  text(
    /^[^/\0]+(\/[^/\0]+)*$/,
    1024,
    'a relative path of at most 1024 characters',
    `Folder of the claim ${what}; the whole claim where it is left out.`,
  ).optional();

const images = z.strictObject({
  coordinator: image('Of the coordinator; the installation’s where it is left out.'),
  worker: image(
    'Of the workers; where it is left out the installation’s for GPUs or for CPUs, as `worker.gpus` says.',
  ),
  pullPolicy: choice(
    ['Always', 'IfNotPresent', 'Never'],
    'When a machine fetches the images; as the installation says where it is left out, which is ' +
      'IfNotPresent unless it was changed.',
  ).optional(),
  pullSecrets: objectNames(8, 'Secrets for the registries of the images.').optional(),
});

const data = z.strictObject({
  claimName: objectName(
    'A PersistentVolumeClaim with the dataset. The coordinator reads it and sends the workers what they ' +
      'need, so it may be one that only a single machine mounts.',
  ),
  subPath: subPath('that is mounted'),
  mountPath: text(
    /^\/[^:\0]*[^/:\0]$/,
    1024,
    'an absolute path of at most 1024 characters without ":" and without "/" at its end',
    'Where it is mounted, for reading: `spec.data.path` lies within.',
  ).default('/data'),
});

const checkpoints = z
  .strictObject({
    claim: about(
      z
        .strictObject({
          name: objectName('A PersistentVolumeClaim that all pods can mount at once.'),
          subPath: subPath('for the checkpoints'),
        })
        .optional(),
      'A volume that is there.',
    ),
    volume: z
      .strictObject({
        size: quantity('Of a PersistentVolumeClaim that is made for the job and goes with it.'),
        storageClassName: objectName(
          'Its class; the cluster’s default where it is left out.',
        ).optional(),
        accessModes: subsetOf(
          ['ReadWriteMany', 'ReadWriteOnce'],
          'How it is mounted. All pods of the job mount it; with `ReadWriteOnce` they all run on one machine.',
        ).default(['ReadWriteMany']),
      })
      .optional()
      .meta({ description: 'A volume that is made for the job.' }),
    s3: z
      .strictObject({
        url: text(
          /^s3:\/\/[a-z0-9][-a-z0-9.]{1,61}[a-z0-9](\/\.*[A-Za-z0-9!_=@+-][A-Za-z0-9!_.=@+-]*)*\/?$/,
          900,
          's3://BUCKET/PREFIX with at most 900 characters, the prefix of names out of A-Z, a-z, 0-9 and ' +
            '!_.=@+-',
          'A bucket and a prefix within it.',
        ),
        endpoint: text(
          /^https?:\/\/[A-Za-z0-9.:[\]-]+\/?$/,
          512,
          'an address such as https://host:port',
          'Of a store other than Amazon’s.',
        ).optional(),
        region: text(
          /^[a-z0-9-]+$/,
          64,
          'a name of at most 64 lower-case letters, digits and "-"',
          'Of the bucket.',
        ).optional(),
        secretName: objectName(
          'A Secret with `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, and `AWS_SESSION_TOKEN` where ' +
            'there is one.',
        ),
      })
      .optional()
      .meta({ description: 'An object store.' }),
  })
  .meta({
    description:
      'Where checkpoints are kept: exactly one of `claim`, `volume` and `s3`. Where it is left out, the ' +
      'state lives in the workers’ pods: it survives as long as one of them does, and `suspend` loses it.',
  });

const coordinator = z.strictObject({
  standbys: integer(
    '[0, 2]',
    'Coordinators that wait to take over; without one, a new pod takes over.',
  ).default(0),
  ...pod,
});

const worker = z.strictObject({
  gpus: integer('[0, 16]', 'GPUs of a worker; 0 trains on CPUs.').default(0),
  gpuResource: text(
    /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/,
    317,
    'the name of an extended resource, such as nvidia.com/gpu',
    'What a GPU is called on the cluster.',
  ).default('nvidia.com/gpu'),
  ...pod,
  runtimeClassName: objectName('Its runtime class; some clusters have one for GPUs.').optional(),
  sharedMemory: quantity('Size of /dev/shm, which counts as memory of the pod.').default('1Gi'),
  gracePeriodSeconds: gracePeriod,
  spread: choice(
    ['hosts', 'none'],
    'Workers on different machines where that is possible, so that one lost machine costs few; or ' +
      'wherever there is room.',
  ).default('hosts'),
});

const nats = z.strictObject({
  url: text(
    /^(nats|tls):\/\/[A-Za-z0-9.:[\]-]+(, ?(nats|tls):\/\/[A-Za-z0-9.:[\]-]+)*$/,
    1024,
    'addresses such as nats://host:4222, separated by commas, without a password',
    'Of the servers.',
  ),
  secretName: objectName(
    'A Secret with `coordinator.creds` and `worker.creds`: the credentials that the processes use.',
  ),
});

const history = z.strictObject({
  secretName: objectName(
    'A Secret with what the servers of `spec.history` ask for: any of `MLFLOW_TRACKING_TOKEN`, ' +
      '`MLFLOW_TRACKING_USERNAME`, `MLFLOW_TRACKING_PASSWORD`, `TRACKIO_WRITE_TOKEN` and ' +
      '`OTEL_EXPORTER_OTLP_HEADERS`. Only the coordinator gets them.',
  ),
});

export const kubernetes = z.strictObject({
  images: about(images.prefault({}), 'Images of the pods.'),
  data: about(data.optional(), 'A volume with the dataset, mounted by the coordinator.'),
  checkpoints: checkpoints.optional(),
  coordinator: about(
    coordinator.prefault({}),
    'Pods that plan, decide who trains and keep the log.',
  ),
  worker: about(worker.prefault({}), 'Pods that train; `spec.workers` says how many.'),
  nats: nats.optional().meta({
    description: 'Servers of your own, in place of those that the installation brings.',
  }),
  history: history.optional().meta({
    description: 'Who may tell the servers of `spec.history` of the run.',
  }),
  podLabels: labels(
    'Of all pods of the job, besides those that tell whose pods they are.',
  ).optional(),
  podAnnotations: annotations(4096, 'Of all pods of the job.').optional(),
});

export type KubernetesFields = z.output<typeof kubernetes>;

const longestSeconds = 2_147_483_647;
export const usualMaxRestarts = 100;

/** Fields of `spec` that only a cluster reads, in the sense of a Job of batch/v1. */
export const lifeOnCluster = {
  suspend: flag(
    false,
    'Ends the pods of the job and keeps its state: it goes on from there once this is false. Only on a ' +
      'cluster.',
  ),
  activeDeadlineSeconds: integer(
    `[1, ${longestSeconds}]`,
    'The job fails when it has been active for so long, whatever it does; a suspension starts the time ' +
      'anew. Only on a cluster.',
  ).optional(),
  ttlSecondsAfterFinished: integer(
    `[0, ${longestSeconds}]`,
    'The job is deleted so long after it has completed or failed; never where it is left out. Only on a ' +
      'cluster.',
  ).optional(),
  maxRestarts: usually(
    '[0, 1000000]',
    usualMaxRestarts,
    'Pods that may fail before the job does; those that leave because their machine is drained or their ' +
      'priority is too low do not count. Only on a cluster.',
  ),
};
