/**
 * A TrainingJob that is deleted takes along what it has outside of the cluster: the streams of its run and
 * its account on NATS. Its pods go first, since a coordinator that runs would make its streams again. None
 * of it is waited for longer than half a minute: a NATS that is gone must not keep a namespace from being
 * deleted.
 */

import type { TrainingJobObject } from '../../crd/training-job-object.js';
import { apiGroup } from '../../names.js';
import type { Action, JobEvent } from '../reconcile/decision.js';
import type { Children, Memory, WallTime } from '../reconcile/seen.js';
import { isActive } from './pods.js';

export const streamsFinalizer = `${apiGroup}/streams`;

/** Pods get so long to end, */
export const podsWait = 20_000;
/** and all of it so long, as long as there is a controller to do it. */
export const removalWait = 30_000;
/** Between two tries. */
const tryAgain = 2_000;

export interface Removal {
  readonly actions: readonly Action[];
  readonly events: readonly JobEvent[];
  readonly requeueAfter: number | null;
  readonly reason: string;
}

export const hasFinalizer = ({ metadata }: TrainingJobObject): boolean =>
  metadata.finalizers?.includes(streamsFinalizer) ?? false;

export function finalizerPatch(
  object: TrainingJobObject,
  present: boolean,
  reason: string,
): Action {
  const { finalizers = [], name, resourceVersion, uid } = object.metadata;
  const others = finalizers.filter((finalizer) => finalizer !== streamsFinalizer);
  return {
    kind: 'patch',
    of: 'TrainingJob',
    name,
    // The version: others write the list too.
    patch: {
      metadata: {
        uid,
        resourceVersion,
        finalizers: present ? [...others, streamsFinalizer] : others,
      },
    },
    reason,
  };
}

export function removeJob(
  object: TrainingJobObject,
  children: Children,
  memory: Memory,
  now: WallTime,
): Removal {
  const none = { actions: [], events: [], requeueAfter: null };
  if (!hasFinalizer(object)) return { ...none, reason: 'it is being deleted' };
  // Not since the object says so: clocks differ, and while no controller was there nothing was tried.
  const since = now - (memory.deletionSeenAt ?? now);
  const letGo = (reason: string): Action[] => [finalizerPatch(object, false, reason)];
  if (memory.isAccountRemoved) {
    return { ...none, actions: letGo('its streams are gone'), reason: 'its streams are gone' };
  }
  if (since >= removalWait) {
    const note = `Its streams on NATS may still be there: ${memory.problem ?? 'its pods did not end'}`;
    const events: JobEvent[] = [{ type: 'Warning', reason: 'StreamsLeft', note }];
    return { ...none, actions: letGo(note), events, reason: note };
  }
  const jobs = [children.worker, children.coordinator].flatMap((job) =>
    job === null || job.metadata.deletionTimestamp !== undefined ? [] : [job],
  );
  if (jobs.length > 0 || (children.pods.some(isActive) && since < podsWait)) {
    const reason = 'its pods end first';
    const actions = jobs.map(
      ({ metadata }): Action => ({
        kind: 'remove',
        of: 'Job',
        name: metadata.name,
        uid: metadata.uid ?? '',
        reason,
      }),
    );
    return { ...none, actions, requeueAfter: Math.max(0, podsWait - since), reason };
  }
  const reason = 'its streams go';
  return {
    ...none,
    actions: [{ kind: 'remove-account', reason }],
    requeueAfter: Math.min(tryAgain, removalWait - since),
    reason,
  };
}
