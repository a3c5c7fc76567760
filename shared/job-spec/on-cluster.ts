/** A job's fields that only a cluster reads: complete for who runs it there, absent for everyone else. */
import type { TrainingJob } from './schema.js';
import {
  type KubernetesFields,
  kubernetes,
  lifeOnCluster,
  usualMaxRestarts,
} from './sections/kubernetes.js';

export interface ClusterFields {
  readonly suspend: boolean;
  /** Null: never. */
  readonly activeDeadlineSeconds: number | null;
  /** Null: never. */
  readonly ttlSecondsAfterFinished: number | null;
  readonly maxRestarts: number;
  readonly kubernetes: KubernetesFields;
}

/** What a cluster does with the job, with every default filled in. */
export function onCluster({ spec }: TrainingJob): ClusterFields {
  return {
    suspend: spec.suspend ?? false,
    activeDeadlineSeconds: spec.activeDeadlineSeconds ?? null,
    ttlSecondsAfterFinished: spec.ttlSecondsAfterFinished ?? null,
    maxRestarts: spec.maxRestarts ?? usualMaxRestarts,
    kubernetes: spec.kubernetes ?? kubernetes.parse({}),
  };
}

/** Names of the fields of `spec` that only a cluster reads. */
export const clusterFields = ['kubernetes', ...Object.keys(lifeOnCluster)] as const;

/** The job that the processes run. */
export function withoutClusterFields(job: TrainingJob): TrainingJob {
  const spec = Object.fromEntries(
    Object.entries(job.spec).filter(([name]) => !clusterFields.includes(name)),
  ) as TrainingJob['spec'];
  return { ...job, metadata: { name: job.metadata.name }, spec };
}
