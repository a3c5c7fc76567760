/** What a look at the cluster comes to: who trains, and from where, with the reason. */

import type { WorkerId } from '../../shared/ids.js';
import type { GenerationRecord } from '../../shared/membership/generation-record.js';
import type { Millis } from '../../shared/units.js';
import type { ChosenStart } from './changes/choose-start.js';
import type { LinkBreak } from './cluster-view.js';

export type Cause = 'lost' | 'joined' | 'left' | 'link';

/** A generation to be written, but for the fence of whoever writes it. */
export type Proposed = Omit<GenerationRecord, 'fence'>;

export type MembershipDecision =
  | { readonly kind: 'nothing'; readonly reason: string }
  /** Nobody can train, and people should know why. */
  | { readonly kind: 'wait'; readonly reason: string }
  /** Ask everyone for a sign of life: these are complained of. */
  | { readonly kind: 'ping'; readonly suspects: readonly WorkerId[] }
  | {
      readonly kind: 'form';
      readonly record: Proposed;
      readonly cause: Cause;
      /** Who was lost, came or went. */
      readonly workers: readonly WorkerId[];
      /** Last sign of life of who was lost; null where nobody was. */
      readonly since: Millis | null;
      readonly breaks: readonly LinkBreak[];
      readonly leaveOut: readonly WorkerId[];
      readonly dealt: boolean;
    }
  | ({ readonly kind: 'start'; readonly record: Proposed } & Omit<ChosenStart, 'start'>);

export type Form = Extract<MembershipDecision, { kind: 'form' }>;

export type Start = Extract<MembershipDecision, { kind: 'start' }>;

export const nothing = (reason: string): MembershipDecision => ({ kind: 'nothing', reason });
