/** The children beside the two Jobs: applied where they are missing or differ. */

import type { Kind } from '../../api/resources.js';
import type { KubernetesObject, WrittenObject } from '../../objects/kubernetes-objects.js';
import { checkpointsClaim } from '../children/checkpoints-claim.js';
import { digestAnnotation, digestOf, withDigest } from '../children/child-metadata.js';
import { jobConfigMap } from '../children/config-map.js';
import { disruptionBudget } from '../children/disruption-budget.js';
import type { JobParts } from '../children/job-parts.js';
import { jobSecret } from '../children/secret.js';
import { workersService } from '../children/service.js';
import type { Action } from '../reconcile/decision.js';
import type { Children, Memory } from '../reconcile/seen.js';

export function applyChildren(job: JobParts, children: Children, memory: Memory): Action[] {
  const budget = disruptionBudget(job);
  const isNew = children.coordinator === null && children.worker === null;
  return [
    ...unwatched(jobSecret(job), memory, isNew),
    ...unwatched(jobConfigMap(job), memory, isNew),
    ...watched(workersService(job), children.service),
    ...watched(budget, children.disruptionBudget),
    ...(budget === null ? removed(children.disruptionBudget) : []),
    // A claim hardly changes once it is bound: it is made, and left alone.
    ...(children.checkpoints === null ? watched(checkpointsClaim(job), null) : []),
  ];
}

/** What the controller has no right to read: it remembers what it wrote, and writes again after a while. */
function unwatched(child: WrittenObject, memory: Memory, isNew: boolean): Action[] {
  if (memory.written[child.kind] === digestOf(child)) return [];
  const reason = `${child.kind} as the job has it`;
  return [{ kind: 'apply', object: child, is: isNew ? 'absent' : 'unknown', reason }];
}

function watched(child: WrittenObject | null, seen: KubernetesObject | null): Action[] {
  if (child === null || seen?.metadata.deletionTimestamp !== undefined) return [];
  const object = withDigest(child);
  if (seen === null) {
    return [{ kind: 'apply', object, is: 'absent', reason: `there is no ${child.kind}` }];
  }
  const applied = object.metadata.annotations?.[digestAnnotation];
  const isAsApplied =
    seen.metadata.annotations?.[digestAnnotation] === applied &&
    contains(seen, { spec: object.spec });
  if (isAsApplied) return [];
  return [{ kind: 'apply', object, is: 'ours', reason: `the ${child.kind} differs` }];
}

const removed = (seen: KubernetesObject | null): Action[] =>
  seen === null || seen.metadata.deletionTimestamp !== undefined
    ? []
    : [
        {
          kind: 'remove',
          of: seen.kind as Kind,
          name: seen.metadata.name,
          uid: seen.metadata.uid ?? '',
          reason: 'the job needs none',
        },
      ];

/**
 * Whether everything in `part` is in `whole` too: the API server adds defaults, and they are its own. Others may
 * add items of their own to a list of objects, such as a Service's ports, and an apply leaves them there.
 */
export function contains(whole: unknown, part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return whole === part;
  if (typeof whole !== 'object' || whole === null) return false;
  if (Array.isArray(part)) {
    return Array.isArray(whole) && part.every((item) => whole.some((one) => contains(one, item)));
  }
  return Object.entries(part).every(([name, value]) =>
    contains((whole as Record<string, unknown>)[name], value),
  );
}
