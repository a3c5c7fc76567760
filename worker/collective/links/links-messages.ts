/** What the links thread, its host and the training thread say to each other. */
import type { MessagePort } from 'node:worker_threads';
import type { Millis } from '../../../shared/units.js';
import type { ErrorMessage } from '../errors.js';
import type { Contributions } from '../exchange.js';
import type { Slice } from '../schedule.js';
import type { Tag } from '../tag.js';
import type { LinkStats } from '../traffic.js';
import type { Membership } from './connect-members.js';

export type ToLinks =
  | {
      readonly kind: 'connect';
      readonly membership: Membership;
      /** For connecting. */
      readonly connectDeadline: Millis;
      /** For every wait of an exchange. */
      readonly deadline: Millis;
      /** Transferred; the other end goes to the training thread. */
      readonly port: MessagePort;
    }
  | { readonly kind: 'abort'; readonly reason: string }
  | { readonly kind: 'stats'; readonly id: number }
  | { readonly kind: 'close' };

export type FromLinks =
  | { readonly kind: 'listening'; readonly address: string }
  | { readonly kind: 'connected' }
  | { readonly kind: 'not-connected'; readonly error: ErrorMessage }
  /** The generation is over: no exchange will succeed any more. */
  | { readonly kind: 'failed'; readonly error: ErrorMessage }
  | { readonly kind: 'stats'; readonly id: number; readonly stats: LinkStats };

/** Vectors lie in shared memory: what is posted is where they are, not what they hold. */
export type ToExchange =
  | {
      readonly kind: 'gather';
      readonly id: number;
      readonly tag: Tag;
      readonly parts: readonly Float32Array[];
    }
  | ({ readonly kind: 'reduce'; readonly id: number } & ReduceRequest)
  | ({
      readonly kind: 'all-reduce';
      readonly id: number;
      readonly into: Float32Array;
    } & ReduceRequest)
  | { readonly kind: 'abort'; readonly reason: string };

export interface ReduceRequest {
  readonly tag: Tag;
  /** `counts` of the shares. */
  readonly shares: readonly number[];
  readonly slices: readonly Slice[];
  readonly contributions: Contributions;
  readonly scratch: Float32Array;
}

/** The end of an operation. */
export type FromExchange = { readonly id: number; readonly error: ErrorMessage | null };
