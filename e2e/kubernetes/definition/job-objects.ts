/** Jobs as objects of a cluster, made of an example. */
import { readFileSync } from 'node:fs';
import type { TrainingJobObject } from '../../../k8s/crd/training-job-object.js';
import { readJobValue } from '../../../shared/job-spec/job-spec.js';
import { projectRoot } from '../../../shared/project-root.js';

const example = readFileSync(new URL('examples/movielens-quick.yaml', projectRoot), 'utf8');

/** @param overrides as `--set` has them. */
export const exampleWith = (overrides: readonly string[]): unknown =>
  readJobValue(example, overrides);

/** As the API server gives it to the controller, but for defaults. */
export function objectOf(job: unknown): TrainingJobObject {
  const { metadata, ...rest } = job as Pick<TrainingJobObject, 'apiVersion' | 'kind' | 'spec'> & {
    readonly metadata: { readonly name: string };
  };
  return {
    ...rest,
    metadata: {
      ...metadata,
      namespace: 'default',
      uid: '00000000-0000-0000-0000-000000000000',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
  };
}
