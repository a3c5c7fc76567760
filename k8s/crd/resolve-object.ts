/**
 * From an object on the cluster to what the controller makes pods of. The API server has checked the
 * most of it; what neither its schema nor CEL can say is refused here, and the object gets the condition Failed
 * with the reason InvalidSpec.
 */
import { type JobProblem, JobSpecError } from '../../shared/errors.js';
import { resolveJob, type TrainingJob } from '../../shared/job-spec/job-spec.js';
import { type ClusterFields, clusterFields, onCluster } from '../../shared/job-spec/on-cluster.js';
import { clusterProblems } from './cluster-problems.js';
import { withShapesOfPretrained } from './pretrained-shapes.js';
import type { TrainingJobObject } from './training-job-object.js';

export interface ResolvedObject {
  readonly kind: 'resolved';
  readonly cluster: ClusterFields;
  readonly workers: { readonly replicas: number; readonly min: number; readonly max: number };
  readonly lanes: number;
  /** Decides the image of the workers. */
  readonly engine: TrainingJob['spec']['engine'];
  /**
   * What the processes read: the job as it was given, without what only a cluster reads. Its shapes may
   * follow from a pretrained model that only they can open, so nothing is filled in that is not in the object.
   */
  readonly jobFile: Readonly<Record<string, unknown>>;
}

export interface InvalidObject {
  readonly kind: 'invalid';
  readonly problems: readonly JobProblem[];
  /** One sentence for the condition: fields, values and rules. */
  readonly message: string;
}

export function resolveObject(object: TrainingJobObject): ResolvedObject | InvalidObject {
  const jobFile = jobFileOf(object);
  let job: TrainingJob;
  try {
    job = resolveJob(
      withShapesOfPretrained({ ...jobFile, spec: object.spec, metadata: jobFile.metadata }),
    );
  } catch (error) {
    if (error instanceof JobSpecError) return invalid(error.problems);
    throw error;
  }
  const problems = clusterProblems(job);
  if (problems.length > 0) return invalid(problems);
  const { replicas, min, max = job.spec.lanes } = job.spec.workers;
  return {
    kind: 'resolved',
    cluster: onCluster(job),
    workers: { replicas, min, max },
    lanes: job.spec.lanes,
    engine: job.spec.engine,
    jobFile,
  };
}

function jobFileOf({ apiVersion, kind, metadata, spec }: TrainingJobObject) {
  const rest = Object.fromEntries(
    Object.entries(spec).filter(([name]) => !clusterFields.includes(name)),
  );
  return { apiVersion, kind, metadata: { name: metadata.name }, spec: rest };
}

/** A condition is read on a screen. */
const problemsNamed = 8;

function invalid(problems: readonly JobProblem[]): InvalidObject {
  const named = problems
    .slice(0, problemsNamed)
    .map(({ path, message }) => (path === '' ? message : `${path} ${message}`));
  const left = problems.length - named.length;
  const message = [...named, ...(left > 0 ? [`and ${left} more`] : [])].join('; ');
  return { kind: 'invalid', problems, message };
}
