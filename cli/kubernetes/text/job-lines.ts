/** A training job of a cluster as one object of `--json`. Pure. */
import type { TrainingJobObject } from '../../../k8s/crd/training-job-object.js';
import { stateOf } from './job-table.js';

export const jobFields = (job: TrainingJobObject): object => {
  const { metadata, status } = job;
  const { namespace, name, creationTimestamp } = metadata;
  const { state: _, ...more } = status ?? {};
  return { namespace, name, created: creationTimestamp, state: stateOf(job), ...more };
};
