/** What is sent to a cluster: the job as its file has it, checked before anybody is asked. */
import { clusterProblems } from '../../k8s/crd/cluster-problems.js';
import { withShapesOfPretrained } from '../../k8s/crd/pretrained-shapes.js';
import { JobSpecError } from '../../shared/errors.js';
import { readJobValue, resolveJob } from '../../shared/job-spec/job-spec.js';
import { readJobText } from '../train/job/read-job-text.js';

export interface Submission {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: object;
}

/**
 * Defaults are left to the server, so that the object shows what somebody has chosen.
 *
 * @throws UsageError, JobSpecError
 */
export function readSubmission(file: string, overrides: readonly string[]): Submission {
  const value = readJobValue(readJobText(file), overrides);
  const problems = clusterProblems(
    resolveJob(isObject(value) ? withShapesOfPretrained(value) : value),
  );
  if (problems.length > 0) throw new JobSpecError(problems);
  return value as Submission;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
