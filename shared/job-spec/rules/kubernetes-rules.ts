/** Rules between the fields that only a cluster reads. */
import type { JobProblem } from '../../errors.js';
import type { TrainingJob } from '../schema.js';
import type { KubernetesFields } from '../sections/kubernetes.js';
import { quantityValue } from '../sections/kubernetes-names.js';
import { brokenRule } from './problems.js';

const path = 'spec.kubernetes';

export function kubernetesRules({ spec }: TrainingJob): JobProblem[] {
  const { kubernetes } = spec;
  if (kubernetes === undefined) return [];
  return [
    ...tolerationRules(`${path}.coordinator.tolerations`, kubernetes.coordinator.tolerations),
    ...tolerationRules(`${path}.worker.tolerations`, kubernetes.worker.tolerations),
    ...requestsWithinLimits(`${path}.coordinator.resources`, kubernetes.coordinator.resources),
    ...requestsWithinLimits(`${path}.worker.resources`, kubernetes.worker.resources),
    ...gpusOnce(kubernetes),
    ...ownLabels(kubernetes),
  ];
}

type Tolerations = KubernetesFields['worker']['tolerations'];

function tolerationRules(at: string, tolerations: Tolerations = []): JobProblem[] {
  return tolerations.flatMap((toleration, index) => {
    const { key, operator = 'Equal', value = '', effect, tolerationSeconds } = toleration;
    const within = `${at}.${index}`;
    const problems: JobProblem[] = [];
    if (operator === 'Exists' && value !== '') {
      problems.push(brokenRule(`${within}.value`, 'left out, because operator is Exists', value));
    }
    if (operator !== 'Exists' && key === undefined) {
      const rule = 'Exists where there is no key';
      problems.push(brokenRule(`${within}.operator`, rule, toleration.operator));
    }
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      const rule = 'left out unless effect is NoExecute';
      problems.push(brokenRule(`${within}.tolerationSeconds`, rule, tolerationSeconds));
    }
    return problems;
  });
}

type Resources = KubernetesFields['worker']['resources'];

/** Kubernetes makes no pod of the others. */
function requestsWithinLimits(at: string, { requests = {}, limits = {} }: Resources = {}) {
  return Object.entries(requests).flatMap(([name, request]) => {
    const limit = limits[name];
    if (limit === undefined || quantityValue(request) <= quantityValue(limit)) return [];
    return [brokenRule(`${at}.requests.${name}`, `at most the limit, ${limit}`, request)];
  });
}

/** Asked for in two places they could be asked for in two numbers. */
function gpusOnce({ worker }: KubernetesFields): JobProblem[] {
  const { gpus, gpuResource, resources } = worker;
  return (['requests', 'limits'] as const).flatMap((kind) => {
    const given = resources?.[kind]?.[gpuResource];
    if (given === undefined) return [];
    const rule = `left out of resources: worker.gpus, ${gpus}, says it`;
    return [brokenRule(`${path}.worker.resources.${kind}.${gpuResource}`, rule, given)];
  });
}

/** Of labels by which Lockstep, Jobs and Kueue find pods. */
export const ownLabelPrefixes = [
  'lockstep.dev/',
  'app.kubernetes.io/name',
  'app.kubernetes.io/component',
  'app.kubernetes.io/managed-by',
  'batch.kubernetes.io/',
  'controller-uid',
  'job-name',
  'kueue.x-k8s.io/',
] as const;

function ownLabels({ podLabels = {} }: KubernetesFields): JobProblem[] {
  return Object.keys(podLabels).flatMap((name) => {
    const own = ownLabelPrefixes.find((prefix) => name.startsWith(prefix));
    if (own === undefined) return [];
    const rule = `without names that begin with ${own}, which say whose a pod is`;
    return [brokenRule(`${path}.podLabels`, rule, name)];
  });
}
