/** What is to be done for a job, each with its reason. The shell does it in this order. */

import type { Kind } from '../../api/resources.js';
import type { TrainingJobStatus } from '../../crd/status-schema.js';
import type { WrittenObject } from '../../objects/kubernetes-objects.js';

/** Whether the object is there, and then ours, as far as the one who decides knows. */
export type Presence = 'ours' | 'absent' | 'unknown';

export type Action =
  /** Made new; where the name is taken already, nothing is changed. */
  | { readonly kind: 'create'; readonly object: WrittenObject; readonly reason: string }
  /** Made where there is none, and by server-side apply where it is ours; what is not ours is not touched. */
  | {
      readonly kind: 'apply';
      readonly object: WrittenObject;
      readonly is: Presence;
      readonly reason: string;
    }
  | {
      readonly kind: 'patch';
      readonly of: Kind;
      readonly name: string;
      readonly patch: object;
      readonly reason: string;
    }
  | {
      readonly kind: 'remove';
      readonly of: Kind;
      readonly name: string;
      readonly uid: string;
      readonly reason: string;
    }
  | { readonly kind: 'push-account'; readonly reason: string }
  | { readonly kind: 'remove-account'; readonly reason: string };

export interface JobEvent {
  readonly type: 'Normal' | 'Warning';
  /** PascalCase, as in conditions. */
  readonly reason: string;
  readonly note: string;
}

export interface Decision {
  readonly actions: readonly Action[];
  /** As it should be; null where it stays as it is. */
  readonly status: TrainingJobStatus | null;
  /** Besides those that a change of the status makes. */
  readonly events: readonly JobEvent[];
  /** Milliseconds; null where only a change can call for another look. */
  readonly requeueAfter: number | null;
  /** For the log. */
  readonly reason: string;
}
