/**
 * The seam between Lockstep and the network that joins a job's processes: messages that may be
 * missed (heartbeats, reports), durable streams (plans), files by name (datasets), and small values
 * that change hands by compare-and-set (who is the run of a name).
 * Implementations: NATS in bus/, memory for tests; one contract test holds for both.
 */
import type { Bytes } from './units.js';

/** The connection ended or a request on it failed; nothing more can be sent or received. */
export class BusLostError extends Error {
  override readonly name = 'BusLostError';
  readonly code = 'BUS_LOST';
}

/** The other side refused what was asked: too old a server, a full disk, a missing right. */
export class BusRefusedError extends Error {
  override readonly name = 'BusRefusedError';
  readonly code = 'BUS_REFUSED';
}

/** Must not throw; a validating layer stands in front of everything that could. */
export type Handler = (data: Uint8Array, subject: string) => void;

export interface Subscription {
  close(): void;
}

/** Messages in the order of publication, kept until purged. */
export interface BusStream {
  /**
   * Resolves once the message is stored. Publishing an id twice stores one message: the second
   * publication is told that it was `repeated`, whoever stored the first one.
   *
   * @throws BusLostError, BusRefusedError
   */
  publish(subject: string, data: Uint8Array, id: string): Promise<'stored' | 'repeated'>;
  /**
   * Hands over every stored and every future message whose subject matches one of the filters, in
   * the order of publication, each once.
   */
  read(filters: readonly string[], handler: Handler): Promise<Subscription>;
  /** Removes the messages whose subjects match; how many there were. */
  purge(filter: string): Promise<number>;
  /** Removes the stream; it must not be used afterwards. */
  remove(): Promise<void>;
}

/** Files by name, for what is too big for a message. */
export interface BusObjects {
  /** Stores the chunks as one object; replaces one of the same name. */
  put(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /** Null where there is no such object. Not verified: the reader knows what it asked for. */
  get(name: string): Promise<AsyncIterable<Uint8Array> | null>;
  remove(): Promise<void>;
}

export interface BusValue {
  readonly data: Uint8Array;
  /** Grows with every change of the value. */
  readonly revision: number;
}

/** Small values by key. Of several who change one at once, one succeeds. */
export interface BusValues {
  get(key: string): Promise<BusValue | null>;
  /**
   * Stores the value if its newest revision is still this one; 0 says that there must be none.
   *
   * @returns the new revision, or null where someone else was faster.
   */
  put(key: string, data: Uint8Array, revision: number): Promise<number | null>;
  /** Removes the value if its newest revision is still this one; whether it was. */
  remove(key: string, revision: number): Promise<boolean>;
}

export interface Bus {
  /** Longest message that the server accepts. */
  readonly maxPayload: Bytes;
  /** Settles when the connection ends: null where `close` was called, else why. */
  readonly closed: Promise<BusLostError | null>;
  /** Sends without confirmation; who does not listen misses it. */
  publish(subject: string, data: Uint8Array): void;
  /** `*` stands for one token and `>` for all that follow. */
  subscribe(filter: string, handler: Handler): Subscription;
  /** Resolves when everything before has reached the server, subscriptions included. */
  flush(): Promise<void>;
  /** Creates the stream, empty: messages that an earlier run left under this name are removed. */
  createStream(name: string, filter: string): Promise<BusStream>;
  /** Opens a stream that someone else creates. */
  openStream(name: string): Promise<BusStream>;
  /** Opens or creates a store of files. */
  openObjects(bucket: string): Promise<BusObjects>;
  /** Opens or creates a store of values. */
  openValues(bucket: string): Promise<BusValues>;
  /** Names of all streams and stores of files that this account can see. */
  names(): Promise<{ readonly streams: readonly string[]; readonly objects: readonly string[] }>;
  /** Sends what is queued, then disconnects. */
  close(): Promise<void>;
}
