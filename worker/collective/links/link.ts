/**
 * The way to one peer and back, as an ordered stream of bytes each way. Implementations: WebSocket
 * (websocket-link.ts) and memory (memory-link.ts), with one contract test.
 */
import type { Rank } from '../../../shared/ids.js';

export interface Link {
  readonly peer: Rank;
  /** Bytes that `send` has taken and that have not left yet. Stop sending above some megabytes. */
  readonly buffered: number;
  /** From now on, what the peer sends goes to `receiver`; to be called once. */
  open(receiver: LinkReceiver): void;
  /** `bytes` must not change before `sent` is called. Nothing is called after the link closed. */
  send(bytes: Uint8Array, sent: () => void): void;
  /** Holds back what the peer sends, until `resume`; the peer's `buffered` grows meanwhile. */
  pause(): void;
  resume(): void;
  /** Ends the link when everything sent has left; the peer sees that this member has departed. */
  close(): void;
  /** Ends the link at once; the peer sees that this member is lost. */
  terminate(): void;
}

export interface LinkReceiver {
  /** Bytes in the order in which they were sent, cut anywhere; good during the call only. */
  bytes(chunk: Uint8Array): void;
  /** The peer ended the link after everything it had to send. Last call, as `lost` is. */
  departed(): void;
  lost(how: string): void;
}
