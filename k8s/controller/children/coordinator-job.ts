import { childNames, dashboardPort, metricsPorts, runOfObject } from '../../names.js';
import type { WrittenObject } from '../../objects/kubernetes-objects.js';
import { checkpointsPlace } from './checkpoints-place.js';
import { childMetadata } from './child-metadata.js';
import { jobFileName } from './config-map.js';
import type { JobParts } from './job-parts.js';
import { jobPath, podTemplate, processGrace, secretPath, statePath } from './pod-template.js';
import { natsEnv, secretVolume } from './process-parts.js';
import { fromSecret, secretFiles } from './secret.js';

/** The controller looks at exit codes itself; Kubernetes only makes the next pod. */
const backoffLimit = 1_000_000;

/** The Job of the coordinator and those who stand by for it; any of them that succeeds ends it. */
export function coordinatorJob(job: JobParts, suspend: boolean): WrittenObject {
  const { object } = job;
  const { name } = object.metadata;
  const { coordinator } = job.resolved.cluster.kubernetes;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: childMetadata(object, childNames(name).coordinator, 'coordinator'),
    spec: {
      parallelism: 1 + coordinator.standbys,
      backoffLimit,
      // The next one takes over while the one before is still on its way out, or on a machine that is gone.
      podReplacementPolicy: 'TerminatingOrFailed',
      suspend,
      template: template(job),
    },
  };
}

function template(job: JobParts): object {
  const { installation, object, resolved } = job;
  const { metadata } = object;
  const { coordinator, data, images, worker } = resolved.cluster.kubernetes;
  // Told to end together, the workers write a checkpoint, and it is needed until then.
  const graceSeconds = worker.gracePeriodSeconds;
  const checkpoints = checkpointsPlace(job);
  return podTemplate(job, {
    component: 'coordinator',
    image: images.coordinator ?? installation.images.coordinator,
    args: [
      'coordinator',
      `${jobPath}/${jobFileName}`,
      ...['--run', runOfObject(metadata.uid)],
      ...['--checkpoints', checkpoints.location],
      ...['--output', `${statePath}/run`, '--resume-if-any'],
      ...['--metrics-host', '0.0.0.0', '--metrics-port', String(metricsPorts.coordinator)],
      ...['--dashboard-port', String(dashboardPort)],
      ...['--grace', String(processGrace(graceSeconds)), '--json'],
    ],
    env: [
      ...natsEnv(job, 'coordinator'),
      { name: 'LOCKSTEP_REPORT_URL', value: reportUrl(job) },
      { name: 'LOCKSTEP_REPORT_KEY_FILE', value: `${secretPath}/${secretFiles.report}` },
      {
        name: 'LOCKSTEP_DASHBOARD_OPERATOR_TOKEN_FILE',
        value: `${secretPath}/${secretFiles.operator}`,
      },
      ...indexEnv(job),
      ...historyEnv(job),
      ...checkpoints.env,
    ],
    volumes: [
      secretVolume(job, 'coordinator'),
      { name: 'job', configMap: { name: childNames(metadata.name).config } },
      ...(data === undefined
        ? []
        : [
            {
              name: 'data',
              persistentVolumeClaim: { claimName: data.claimName, readOnly: true },
            },
          ]),
      ...checkpoints.volumes,
    ],
    mounts: [
      { name: 'job', mountPath: jobPath, readOnly: true },
      ...(data === undefined
        ? []
        : [
            {
              name: 'data',
              mountPath: data.mountPath,
              readOnly: true,
              ...(data.subPath !== undefined && { subPath: data.subPath }),
            },
          ]),
      ...checkpoints.mounts,
    ],
    resources: coordinator.resources ?? {},
    graceSeconds,
    more: {},
  });
}

/** For a built-in dataset, which the coordinator fetches. */
const indexEnv = ({ installation: { packageIndex } }: JobParts): object[] =>
  packageIndex === null ? [] : [{ name: 'LOCKSTEP_PACKAGE_INDEX', value: packageIndex }];

/** What servers of `spec.history` ask for: one Secret may have any of them. */
const historySecrets = [
  'MLFLOW_TRACKING_TOKEN',
  'MLFLOW_TRACKING_USERNAME',
  'MLFLOW_TRACKING_PASSWORD',
  'TRACKIO_WRITE_TOKEN',
  'OTEL_EXPORTER_OTLP_HEADERS',
];

function historyEnv({ resolved }: JobParts): object[] {
  const secret = resolved.cluster.kubernetes.history?.secretName;
  if (secret === undefined) return [];
  return historySecrets.map((name) => fromSecret(name, secret, true));
}

const reportUrl = ({ installation, object }: JobParts): string => {
  const { name, namespace, uid } = object.metadata;
  return `${installation.reportUrl}/v1/reports/${namespace}/${name}/${uid}`;
};
