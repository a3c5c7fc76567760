/**
 * A state of training that goes from one member's memory into another's over a link, in ranges of
 * bytes with digests, never through the coordinator. Only ranges that differ travel.
 */
import { type Position, samePosition } from '../../../shared/membership/position.js';

export interface StateSectionBytes {
  readonly name: string;
  /** Over a SharedArrayBuffer: what is posted is where the bytes are. */
  readonly bytes: Uint8Array;
}

/** What a member gives away. */
export interface OfferedState {
  readonly position: Position;
  /** What belongs to the state besides its sections; opaque, at most `stateHeaderBytes`. */
  readonly header: string;
  readonly sections: readonly StateSectionBytes[];
}

/**
 * What a copier asks for: a position, whatever was made from the checkpoint of so many steps, or what is
 * offered now, or next.
 */
export type WantedState =
  | { readonly kind: 'position'; readonly position: Position }
  | { readonly kind: 'checkpoint'; readonly committedSteps: number }
  | { readonly kind: 'next' };

/** What a state is, before its first byte. */
export interface StateOffer {
  readonly position: Position;
  readonly header: string;
}

export interface Copied extends StateOffer {
  /** Bytes of the ranges that differed. */
  readonly fetched: number;
}

export function isWanted(wanted: WantedState, position: Position): boolean {
  switch (wanted.kind) {
    case 'position':
      return samePosition(wanted.position, position);
    case 'checkpoint':
      return wanted.committedSteps === position.committedSteps;
    case 'next':
      return true;
  }
}
