/** All that a decision about a job sees. Whoever calls it has read the clock and asked the cluster. */

import type { JobReport } from '../../../shared/messages/job-report.js';
import type { TrainingJobObject } from '../../crd/training-job-object.js';
import type { JobObject, KubernetesObject, PodObject } from '../../objects/kubernetes-objects.js';
import type { Installation, JobSecrets } from '../children/installation.js';

/** Milliseconds since 1970, as the controller's clock has it. */
export type WallTime = number;

export interface Children {
  readonly coordinator: JobObject | null;
  readonly worker: JobObject | null;
  readonly service: KubernetesObject | null;
  readonly disruptionBudget: KubernetesObject | null;
  readonly checkpoints: KubernetesObject | null;
  /** Of both Jobs, and of such that are gone already. */
  readonly pods: readonly PodObject[];
  /** Children's names that belong to someone else: `Job movies-worker`. */
  readonly taken: readonly string[];
  /** Those of a TrainingJob of the same name that is gone: they go by themselves. */
  readonly leftovers: readonly string[];
}

export interface ReceivedReport {
  readonly report: JobReport;
  readonly at: WallTime;
}

/** What this process remembers of a job, since nobody else could tell it. */
export interface Memory {
  /** Digests of what was applied and is not watched: `Secret`, `ConfigMap`. */
  readonly written: Readonly<Record<string, string>>;
  /** When the job's account was last pushed to NATS; null: not by this process. */
  readonly accountAt: WallTime | null;
  readonly isAccountRemoved: boolean;
  /** When this process first saw that the job is being deleted, on its own clock; null: it is not. */
  readonly deletionSeenAt: WallTime | null;
  /** Why what was decided last could not be done; null where it was done. */
  readonly problem: string | null;
  /** Since when this process leads, and so gets reports. */
  readonly leadsSince: WallTime;
}

export const noMemory = (leadsSince: WallTime): Memory => ({
  written: {},
  accountAt: null,
  isAccountRemoved: false,
  deletionSeenAt: null,
  problem: null,
  leadsSince,
});

export interface Seen {
  readonly job: TrainingJobObject;
  readonly children: Children;
  readonly report: ReceivedReport | null;
  readonly memory: Memory;
  readonly installation: Installation;
  readonly secrets: JobSecrets;
}
