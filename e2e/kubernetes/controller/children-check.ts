/** Whether the cluster has, of every job, what it should have, and nothing else. */
import type { ClusterApi } from '../../../k8s/api/cluster-api.js';
import type { Kind } from '../../../k8s/api/resources.js';
import { isFinished } from '../../../k8s/controller/policy/conditions.js';
import type { TrainingJobObject } from '../../../k8s/crd/training-job-object.js';
import { childNames, jobLabel } from '../../../k8s/names.js';
import {
  controllerOf,
  isConditionTrue,
  type JobObject,
  type KubernetesObject,
} from '../../../k8s/objects/kubernetes-objects.js';

const childKinds: readonly Kind[] = [
  'Job',
  'Service',
  'PodDisruptionBudget',
  'Secret',
  'ConfigMap',
];

export interface Sight {
  readonly jobs: readonly TrainingJobObject[];
  /** By `Kind name`. */
  readonly children: ReadonlyMap<string, KubernetesObject>;
}

export async function look(api: ClusterApi): Promise<Sight> {
  const { items } = await api.list('TrainingJob', 'default', null);
  const children = new Map<string, KubernetesObject>();
  for (const kind of childKinds) {
    for (const item of (await api.list(kind, 'default', jobLabel)).items) {
      children.set(`${kind} ${item.metadata.name}`, item);
    }
  }
  return { jobs: items as unknown as TrainingJobObject[], children };
}

/** What is not as it should be; empty where all is. */
export function problemsIn({ children, jobs }: Sight): string[] {
  const byUid = new Map(jobs.map((job) => [job.metadata.uid, job]));
  const leaked = [...children].flatMap(([name, child]) => {
    const owner = controllerOf(child);
    return owner === undefined || !byUid.has(owner.uid) ? [`${name} belongs to nobody`] : [];
  });
  return [...leaked, ...jobs.flatMap((job) => problemsOfJob(job, children))];
}

function problemsOfJob(
  { metadata, spec, status }: TrainingJobObject,
  children: ReadonlyMap<string, KubernetesObject>,
): string[] {
  const problems: string[] = [];
  const { name, generation, uid } = metadata;
  const say = (text: string): void => void problems.push(`${name}: ${text}`);
  if (metadata.deletionTimestamp !== undefined) say('is being deleted');
  if (status?.observedGeneration !== generation) say('its status speaks of an older spec');
  const own = [...children.values()].filter((child) => controllerOf(child)?.uid === uid);
  const names = childNames(name);
  const job = (of: string): JobObject | undefined =>
    own.find(({ kind, metadata: { name: n } }) => kind === 'Job' && n === of) as
      | JobObject
      | undefined;
  const worker = job(names.worker);
  const coordinator = job(names.coordinator);
  if (isFinished(status)) {
    for (const found of [worker, coordinator]) {
      const isOver =
        found === undefined ||
        found.spec.suspend === true ||
        isConditionTrue(found.status?.conditions, 'Complete');
      // Leftovers are let go after half a minute.
      if (!isOver && Date.now() - Date.parse(status?.completionTime ?? '') > 45_000) {
        say(`${found.metadata.name} runs although the job has ended`);
      }
    }
    return problems;
  }
  if (spec.suspend === true) {
    if (status?.state !== 'Suspended') say(`is ${status?.state} and should be suspended`);
    for (const found of [worker, coordinator]) {
      if (found !== undefined && found.spec.suspend !== true) say(`${found.metadata.name} runs`);
    }
    return problems;
  }
  const { replicas } = spec.workers as { replicas: number };
  if (worker === undefined || coordinator === undefined) say('has not both Jobs');
  if (worker?.spec.suspend || coordinator?.spec.suspend) say('a Job of it is suspended');
  if (worker !== undefined && worker.spec.parallelism !== replicas) say('has another size');
  if (worker !== undefined && worker.spec.completions !== replicas) say('has other completions');
  const wished = [
    ['Secret', names.secret],
    ['ConfigMap', names.config],
    ['Service', names.service],
    ...(replicas > 1 ? [['PodDisruptionBudget', names.disruptionBudget]] : []),
  ];
  for (const [kind, child] of wished) {
    if (!own.some((found) => found.kind === kind && found.metadata.name === child))
      say(`no ${kind}`);
  }
  const most = wished.length + 2;
  if (own.length !== most) say(`has ${own.length} children and should have ${most}`);
  if (status?.startTime === undefined) say('has not begun');
  return problems;
}

/** For a message. */
export const firstOf = (problems: readonly string[]): string | null =>
  problems.length === 0 ? null : `${problems.length} problems: ${problems.slice(0, 5).join('; ')}`;
