/** What the links thread, its host and the training thread say to each other. */
import type { MessagePort } from 'node:worker_threads';
import type { Generation, Rank } from '../../../shared/ids.js';
import type { Millis } from '../../../shared/units.js';
import type { ErrorMessage } from '../errors.js';
import type { Contributions } from '../exchange.js';
import type { Slice } from '../schedule.js';
import type { Tag } from '../tag.js';
import type { LinkStats } from '../traffic.js';
import type {
  Copied,
  OfferedState,
  StateOffer,
  StateSectionBytes,
  WantedState,
} from '../transfer/state-transfer.js';
import type { Membership } from './connect-members.js';
import type { TlsFiles } from './handshake/trust.js';

export interface LinksThreadStart {
  readonly host: string;
  readonly port: number;
  /** The job's; null where it comes with the first generation. */
  readonly secret: Uint8Array | null;
  readonly tls: TlsFiles | null;
  /** One number: of the state that is offered now. */
  readonly versions: Int32Array;
  /** Memory of the `Doorbell` that the host rings. */
  readonly bell: Int32Array;
}

/** Whom to link, and how long their exchange may wait. */
interface ToLink {
  readonly membership: Omit<Membership, 'trust'>;
  /** Where the thread was not started with it. */
  readonly secret: Uint8Array | null;
  /** For every wait of an exchange. */
  readonly deadline: Millis;
}

export type ToLinks =
  | ({ readonly kind: 'prepare' } & ToLink)
  | ({
      readonly kind: 'connect';
      readonly id: number;
      /** For connecting. */
      readonly connectDeadline: Millis;
      /** Transferred; the other end goes to the training thread. */
      readonly port: MessagePort;
    } & ToLink)
  /** Null: every generation. */
  | {
      readonly kind: 'drop';
      readonly generation: Generation | null;
      readonly reason: string;
    }
  /** `version`: what the shared number is as long as this offer stands. */
  | {
      readonly kind: 'serve';
      readonly state: OfferedState | null;
      readonly version: number;
    }
  | {
      readonly kind: 'copy';
      readonly id: number;
      readonly address: string;
      readonly wanted: WantedState;
    }
  /** Room for what was offered. */
  | {
      readonly kind: 'copy-into';
      readonly id: number;
      readonly sections: readonly StateSectionBytes[];
    }
  | { readonly kind: 'cancel-copy'; readonly id: number }
  | { readonly kind: 'stats'; readonly id: number }
  | { readonly kind: 'close' };

/** A peer of a generation that cannot be heard. Whether it lives is for others to find out. */
export interface LinkTrouble {
  readonly generation: Generation;
  readonly peer: Rank;
  /**
   * `closed`: its sockets closed, or it broke the protocol. `silent`: they are open, and nothing came
   * for as long as a wait may last. `unreachable`: it could not be linked to in time, or refused.
   */
  readonly how: 'closed' | 'silent' | 'unreachable';
  readonly detail: string;
}

export type FromLinks =
  | { readonly kind: 'listening'; readonly address: string }
  | { readonly kind: 'connected'; readonly id: number }
  | {
      readonly kind: 'not-connected';
      readonly id: number;
      readonly error: ErrorMessage;
    }
  /** The generation is over: no exchange of it will succeed any more. */
  | { readonly kind: 'failed'; readonly error: ErrorMessage }
  | { readonly kind: 'trouble'; readonly trouble: LinkTrouble }
  | { readonly kind: 'offered'; readonly id: number; readonly offer: StateOffer }
  | { readonly kind: 'copy-moved'; readonly id: number }
  | { readonly kind: 'copied'; readonly id: number; readonly copied: Copied }
  | { readonly kind: 'not-copied'; readonly id: number; readonly error: ErrorMessage }
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

export type FromExchange =
  /** The end of an operation. */
  | { readonly kind: 'done'; readonly id: number; readonly error: ErrorMessage | null }
  /** The last message: all operations have ended with this error. */
  | { readonly kind: 'over'; readonly error: ErrorMessage };
