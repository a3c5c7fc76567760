/** What a job sets, as names and values for programs that compare runs by them. */
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import { withoutClusterFields } from '../../shared/job-spec/on-cluster.js';

/** Leaves of the spec, `optimizer.learningRate` with `0.003`; lists are one leaf. In the spec's order. */
export function jobParameters(job: TrainingJob): [string, string][] {
  const { history: _, ...spec } = withoutClusterFields(job).spec;
  return leaves('', spec);
}

function leaves(path: string, value: unknown): [string, string][] {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [[path, typeof value === 'string' ? value : JSON.stringify(value)]];
  }
  return Object.entries(value).flatMap(([name, member]) =>
    leaves(path === '' ? name : `${path}.${name}`, member),
  );
}
