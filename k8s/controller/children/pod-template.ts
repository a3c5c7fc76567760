/**
 * What coordinator and worker pods have in common. They pass pod security `restricted`: a user without
 * rights, a root file system that is only read, no token of Kubernetes.
 */
import { type Component, labelsOf, metricsPorts } from '../../names.js';
import { managedBy } from './child-metadata.js';
import type { JobParts } from './job-parts.js';

/** Of the image (k8s/images); the group may read what is mounted. */
const userId = 65532;

export const secretPath = '/etc/lockstep/secret';
export const jobPath = '/etc/lockstep/job';
export const statePath = '/var/lib/lockstep';
const temporaryPath = '/tmp';
/** Gets the last words of a process, which decide what becomes of the job. */
const terminationFile = '/dev/termination-log';

/** Read by its owner and its group. */
export const secretMode = 0o440;

/** What a process leaves of its pod's grace, to say goodbye. */
const graceReserve = 5;

/** For `--grace`: seconds. */
export const processGrace = (podGrace: number): number => Math.max(1, podGrace - graceReserve);

export interface PodParts {
  readonly component: Component;
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly object[];
  readonly volumes: readonly object[];
  readonly mounts: readonly object[];
  readonly resources: object;
  readonly graceSeconds: number;
  /** Besides those of the job. */
  readonly tolerations?: readonly object[];
  /** Of the pod's spec: scheduling, runtime class. */
  readonly more: object;
}

export function podTemplate(job: JobParts, parts: PodParts): object {
  const { name } = job.object.metadata;
  const { images, podAnnotations, podLabels, ...kubernetes } = job.resolved.cluster.kubernetes;
  const of = kubernetes[parts.component];
  const tolerations = [...(parts.tolerations ?? []), ...(of.tolerations ?? [])];
  const pullPolicy = images.pullPolicy ?? job.installation.images.pullPolicy;
  return {
    metadata: {
      labels: { ...podLabels, ...labelsOf(name, parts.component), ...managedBy },
      ...(podAnnotations && { annotations: podAnnotations }),
    },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: parts.graceSeconds,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: userId,
        runAsGroup: userId,
        fsGroup: userId,
        // Else a large volume is walked through at each start of a pod.
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
      ...(images.pullSecrets && {
        imagePullSecrets: images.pullSecrets.map((secret) => ({ name: secret })),
      }),
      ...(of.nodeSelector && { nodeSelector: of.nodeSelector }),
      ...(tolerations.length > 0 && { tolerations }),
      ...(of.priorityClassName && { priorityClassName: of.priorityClassName }),
      ...parts.more,
      containers: [
        {
          name: parts.component,
          image: parts.image,
          imagePullPolicy: pullPolicy,
          args: parts.args,
          env: [
            {
              name: 'POD_NAME',
              valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } },
            },
            // What was checked once is remembered as long as the pod.
            { name: 'LOCKSTEP_CACHE', value: `${statePath}/cache` },
            { name: 'LOCKSTEP_TERMINATION_FILE', value: terminationFile },
            // The files of its logs go with the pod.
            { name: 'LOCKSTEP_LOG_TO_STDERR', value: 'true' },
            ...parts.env,
          ],
          ports: [
            { name: 'metrics', containerPort: metricsPorts[parts.component], protocol: 'TCP' },
          ],
          // Only for who counts pods. No liveness: a process that hangs is replaced by the run's members, and
          // one that waits for NATS is well.
          readinessProbe: {
            httpGet: { path: '/readyz', port: 'metrics' },
            periodSeconds: 2,
          },
          resources: parts.resources,
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'] },
            readOnlyRootFilesystem: true,
          },
          terminationMessagePath: terminationFile,
          terminationMessagePolicy: 'FallbackToLogsOnError',
          volumeMounts: [
            { name: 'temporary', mountPath: temporaryPath },
            { name: 'state', mountPath: statePath },
            { name: 'secret', mountPath: secretPath, readOnly: true },
            ...parts.mounts,
          ],
        },
      ],
      volumes: [
        { name: 'temporary', emptyDir: {} },
        { name: 'state', emptyDir: {} },
        ...parts.volumes,
      ],
    },
  };
}
