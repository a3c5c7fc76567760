/** A job on a cluster, as plain objects: tests change what they are about. */

import type { JobReport } from '../../../shared/messages/job-report.js';
import { aReport } from '../../../shared/messages/job-report-fixture.js';
import type { TrainingJobStatus } from '../../crd/status-schema.js';
import type { TrainingJobObject } from '../../crd/training-job-object.js';
import { type Component, labelsOf, runOfObject } from '../../names.js';
import type { JobObject, PodObject, TerminatedState } from '../../objects/kubernetes-objects.js';
import { ownerOf } from '../children/child-metadata.js';
import type { Installation, JobSecrets } from '../children/installation.js';
import { replicasAnnotation } from '../children/worker-job.js';
import { streamsFinalizer } from '../policy/removal.js';
import { type Children, type Memory, noMemory, type ReceivedReport, type Seen } from './seen.js';

export const jobUid = '3a7c1f0e-8a55-4f3c-9a51-2b1d2f0d7c11';
/** 2026-01-02T03:04:05Z. */
export const start = Date.parse('2026-01-02T03:04:05Z');
export const at = (seconds: number): number => start + seconds * 1000;
export const timeAt = (seconds: number): string =>
  new Date(at(seconds)).toISOString().replace('.000Z', 'Z');

export const installation: Installation = {
  images: {
    coordinator: 'localhost/lockstep-coordinator:0.1.0',
    worker: 'localhost/lockstep-worker:0.1.0',
    workerWithGpus: 'localhost/lockstep-worker-cuda:0.1.0',
    pullPolicy: 'IfNotPresent',
  },
  nats: { url: 'nats://lockstep-nats.lockstep-system.svc:4222', servers: 3 },
  reportUrl: 'http://lockstep-controller.lockstep-system.svc:9410',
  packageIndex: null,
};

export const secrets: JobSecrets = {
  linksSecret: 'a'.repeat(64),
  reportKey: 'b'.repeat(64),
  operatorToken: 'c'.repeat(64),
  coordinatorCreds: 'coordinator',
  workerCreds: 'worker',
  watcherCreds: 'watcher',
};

export interface JobChanges {
  readonly spec?: Record<string, unknown>;
  readonly metadata?: Partial<TrainingJobObject['metadata']>;
  readonly status?: TrainingJobStatus;
}

export const aJob = ({ metadata, spec, status }: JobChanges = {}): TrainingJobObject => ({
  apiVersion: 'lockstep.dev/v1alpha1',
  kind: 'TrainingJob',
  metadata: {
    name: 'movies',
    namespace: 'research',
    uid: jobUid,
    resourceVersion: '7',
    generation: 1,
    creationTimestamp: timeAt(0),
    finalizers: [streamsFinalizer],
    ...metadata,
  },
  spec: {
    data: { path: '/data/movielens' },
    objective: { negatives: { total: 128 } },
    workers: { replicas: 2, min: 1 },
    ...spec,
  },
  ...(status !== undefined && { status }),
});

type JobParts = Partial<Pick<JobObject, 'spec' | 'status'>> & {
  readonly annotations?: Record<string, string>;
  /** Of Kueue. */
  readonly queue?: string;
  readonly deletionTimestamp?: string;
};

export const jobOf = (
  component: Component,
  { annotations, deletionTimestamp, queue, spec, status }: JobParts = {},
): JobObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: {
    name: `movies-${component}`,
    namespace: 'research',
    uid: `uid-of-${component}-job`,
    resourceVersion: '8',
    labels: {
      ...labelsOf('movies', component),
      ...(queue !== undefined && { 'kueue.x-k8s.io/queue-name': queue }),
    },
    annotations: {
      ...(component === 'worker' && { [replicasAnnotation]: '2' }),
      ...annotations,
    },
    ownerReferences: [ownerOf(aJob())],
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
  },
  spec: {
    suspend: false,
    ...(component === 'worker' && { parallelism: 2, completions: 2 }),
    ...spec,
  },
  ...(status !== undefined && { status }),
});

export interface PodParts {
  readonly name?: string;
  readonly ended?: TerminatedState;
  readonly isRunning?: boolean;
  readonly isReady?: boolean;
  readonly isLeaving?: boolean;
  readonly conditions?: NonNullable<PodObject['status']>['conditions'];
  readonly reason?: string;
  readonly waiting?: { readonly reason: string; readonly message?: string };
  readonly jobUid?: string;
}

export function podOf(component: Component, parts: PodParts = {}): PodObject {
  const { conditions = [], ended, isLeaving, isReady, isRunning, reason, waiting } = parts;
  const name = parts.name ?? `movies-${component}-0-abcde`;
  const state =
    ended !== undefined
      ? { terminated: ended }
      : isRunning || isReady
        ? { running: { startedAt: timeAt(1) } }
        : waiting === undefined
          ? undefined
          : { waiting };
  const phase =
    ended !== undefined
      ? ended.exitCode === 0
        ? 'Succeeded'
        : 'Failed'
      : state !== undefined && 'running' in state
        ? 'Running'
        : 'Pending';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'research',
      uid: `uid-of-${name}`,
      resourceVersion: '9',
      labels: labelsOf('movies', component),
      ownerReferences: [
        {
          apiVersion: 'batch/v1',
          kind: 'Job',
          name: `movies-${component}`,
          uid: parts.jobUid ?? `uid-of-${component}-job`,
          controller: true,
        },
      ],
      ...(isLeaving && { deletionTimestamp: timeAt(1) }),
    },
    status: {
      phase,
      ...(reason !== undefined && { reason }),
      conditions: [...conditions, ...(isReady ? [{ type: 'Ready', status: 'True' }] : [])],
      ...(state !== undefined && { containerStatuses: [{ name: component, state }] }),
    },
  };
}

export const noChildren: Children = {
  coordinator: null,
  worker: null,
  service: null,
  disruptionBudget: null,
  checkpoints: null,
  pods: [],
  taken: [],
  leftovers: [],
};

/** Both Jobs, and their pods at work. */
export const runningChildren: Children = {
  ...noChildren,
  coordinator: jobOf('coordinator'),
  worker: jobOf('worker'),
  pods: [
    podOf('coordinator', { isReady: true }),
    podOf('worker', { name: 'movies-worker-0-abcde', isReady: true }),
    podOf('worker', { name: 'movies-worker-1-fghij', isReady: true }),
  ],
};

export const runningStatus: TrainingJobStatus = {
  state: 'Running',
  startTime: timeAt(0),
  step: 40,
  conditions: [
    {
      type: 'Running',
      status: 'True',
      reason: 'Training',
      message: '',
      lastTransitionTime: timeAt(1),
    },
  ],
};

export const reportAt = (seconds: number, changes: Partial<JobReport> = {}): ReceivedReport => ({
  at: at(seconds),
  report: aReport({ uid: jobUid, runId: runOfObject(jobUid), ...changes }),
});

export interface SeenChanges extends JobChanges {
  readonly children?: Partial<Children>;
  readonly report?: ReceivedReport | null;
  readonly memory?: Partial<Memory>;
}

export const seen = ({ children, memory, report, ...job }: SeenChanges = {}): Seen => ({
  job: aJob(job),
  children: { ...noChildren, ...children },
  report: report ?? null,
  memory: { ...noMemory(start), accountAt: start, ...memory },
  installation,
  secrets,
});
