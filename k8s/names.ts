/** What a training job's objects on a cluster are called, and how they are found. */
import { createHash } from 'node:crypto';
import type { RunId } from '../shared/ids.js';
import { makeRunId, runIdBytes } from '../shared/run/run-id.js';

export const apiGroup = 'lockstep.dev';
export const apiVersion = 'v1alpha1';
export const plural = 'trainingjobs';

export type Component = 'coordinator' | 'worker';

/** Names of what a job becomes. A job's name has at most 44 characters, so that pods' names fit 63. */
export const childNames = (job: string) => ({
  secret: `${job}-lockstep`,
  config: `${job}-job`,
  service: `${job}-workers`,
  coordinator: `${job}-coordinator`,
  worker: `${job}-worker`,
  disruptionBudget: `${job}-workers`,
  checkpoints: `${job}-checkpoints`,
});

/** Where pods serve what they measure, and how they are. */
export const metricsPorts = { coordinator: 9400, worker: 9401 } as const;

/** Of a coordinator, on the loopback of its pod: whoever may forward ports sees it. */
export const dashboardPort = 9410;

/** In the Secret of a job: what operators show to its dashboard. Whoever may read the Secret may act. */
export const operatorTokenKey = 'operator.token';

export const jobLabel = `${apiGroup}/job`;

/** Labels of everything that belongs to a job; they select its pods. */
export const labelsOf = (job: string, component: Component): Record<string, string> => ({
  'app.kubernetes.io/name': 'lockstep',
  'app.kubernetes.io/component': component,
  [jobLabel]: job,
});

/** The run of an object: known before anything runs, and another one for an object made anew. */
export const runOfObject = (uid: string): RunId =>
  makeRunId('training', createHash('sha256').update(uid).digest().subarray(0, runIdBytes));
