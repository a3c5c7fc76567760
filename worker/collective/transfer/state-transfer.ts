/**
 * A state of training that goes from one member's memory into another's over a link, in ranges of
 * bytes with digests, never through the coordinator. Only ranges that differ travel.
 */
import type { Position } from '../../../shared/membership/position.js';
import type { Bytes, Millis } from '../../../shared/units.js';

export interface StateSectionBytes {
  readonly name: string;
  /** Over a SharedArrayBuffer: what is posted is where the bytes are. */
  readonly bytes: Uint8Array;
}

/** What a member gives away. */
export interface ServedState {
  readonly position: Position;
  /** What belongs to the state besides its sections; opaque, at most `transferHeaderBytes` as JSON. */
  readonly header: unknown;
  readonly sections: readonly StateSectionBytes[];
  /**
   * One number over a SharedArrayBuffer. Whoever changes the sections adds one to it before the first
   * byte changes (`Atomics.add`): from then on no range of this state is given any more, and one that
   * was on its way is taken back.
   */
  readonly version: Int32Array;
}

export interface CopyRequest {
  /** `host:port` of the links of members that hold the state; the next one is asked after a loss. */
  readonly holders: readonly string[];
  readonly position: Position;
  /** Sections of the same names and lengths. While a copy runs, and after one that failed, they hold neither state. */
  readonly into: readonly StateSectionBytes[];
  /** How long all of it may take, with holders that do not have the state yet. */
  readonly deadline: Millis;
  readonly signal?: AbortSignal;
  /** Called when it has got, or has compared, another range. */
  readonly onRange?: () => void;
}

export interface OfferRequest {
  /** `host:port` of a member's links. */
  readonly holder: string;
  readonly deadline: Millis;
}

/** What a member would give now. */
export type StateOffer =
  | {
      readonly kind: 'offered';
      readonly position: Position;
      readonly header: unknown;
      readonly sections: readonly { readonly name: string; readonly bytes: number }[];
    }
  /** It answers, and gives nothing now. */
  | { readonly kind: 'absent'; readonly reason: string }
  | { readonly kind: 'unreachable'; readonly reason: string };

export interface Copied {
  /** The holder's. */
  readonly header: unknown;
  readonly holder: string;
  /** Of all sections. */
  readonly bytes: Bytes;
  /** Of the ranges that differed. */
  readonly fetched: Bytes;
}

/** What LinksHost offers besides links. */
export interface StateTransfer {
  /** What copies are made from until the next call; null gives nothing. */
  serve(state: ServedState | null): void;
  /** What a member would give: whoever copies it must make room for it first. */
  describe(request: OfferRequest): Promise<StateOffer>;
  /**
   * Makes `into` equal to the state of `position`.
   *
   * @throws StateTransferError where no holder gave it in time, it has other sections, or
   * the copy was aborted.
   */
  copy(request: CopyRequest): Promise<Copied>;
}
