import type { Rank } from '../../shared/ids.js';
import type { FrameHeader } from './frames/frames.js';
import type { Tag } from './tag.js';

/** The header's own fields and its payload; generation and tag are added where it is sent. */
export interface OutgoingFrame {
  readonly header: Pick<FrameHeader, 'kind' | 'node' | 'offset' | 'total'>;
  /** Must not change before it was sent. */
  readonly payload: Uint8Array;
}

/** Queues frames for a peer; the iterable is asked for a frame only when it can leave. */
export type Send = (peer: Rank, frames: Iterable<OutgoingFrame>) => void;

/**
 * One exchange as a state machine without sockets or time: it says what to send, takes what
 * comes, and knows who still owes it something. The courier runs it.
 */
export interface Operation {
  readonly tag: Tag;
  /** Payload bytes that it sends over its whole life. */
  readonly outgoingBytes: number;
  start(send: Send): void;
  /**
   * Where the payload of this frame of `peer` goes: memory of exactly its size.
   *
   * @throws FrameError where the peer owes no such frame.
   */
  open(peer: Rank, header: FrameHeader): Uint8Array;
  /** The payload of the frame that was opened is there. */
  receive(peer: Rank, header: FrameHeader): void;
  /** True while frames of `peer` are missing. */
  owes(peer: Rank): boolean;
}

/** The floats' bytes, in place. */
export function bytesOf(floats: Float32Array): Uint8Array {
  return Buffer.from(floats.buffer, floats.byteOffset, floats.byteLength);
}
