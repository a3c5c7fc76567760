/** What the pods of a job want of the machines they run on, in Kubernetes' own words. */
import { z } from 'zod';
import { integer, listOf } from '../fields.js';
import { labels, labelValue, objectName, qualifiedName, quantities } from './kubernetes-names.js';

const toleration = z.strictObject({
  key: qualifiedName.optional(),
  operator: z.enum(['Exists', 'Equal']).optional(),
  value: labelValue.optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
  tolerationSeconds: z.int().min(0).max(2_147_483_647).optional(),
});

/** Of one kind of pod. */
export const pod = {
  resources: z
    .strictObject({
      requests: quantities('What a machine must have left for the pod.').optional(),
      limits: quantities(
        'What the pod may not exceed; at least the request of the same name.',
      ).optional(),
    })
    .optional()
    .meta({ description: 'What the pod needs, in Kubernetes’ own words.' }),
  nodeSelector: labels('Labels that a machine must have.').optional(),
  tolerations: listOf(
    toleration,
    32,
    'a list of at most 32 {key, operator, value, effect, tolerationSeconds}',
    'Taints of machines that do not keep the pod away: `{key: nvidia.com/gpu, operator: Exists}`. ' +
      '`Exists` has no `value`, no `key` means every key and needs `Exists`, and only `NoExecute` has ' +
      '`tolerationSeconds`.',
  ).optional(),
  priorityClassName: objectName('Its class of priority.').optional(),
};

export const gracePeriod = integer(
  '[1, 3600]',
  'How long a worker that is told to go has to leave the others cleanly.',
).default(60);
