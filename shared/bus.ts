/**
 * The seam between Lockstep and the network that joins a job's processes: messages that may be
 * missed (heartbeats, reports), durable streams (plans), a log to which one writer appends, files by
 * name (datasets), and small values that change hands by compare-and-set (who is the run of a name).
 * The connection may go away and come back: messages are lost meanwhile, requests are refused with
 * `BusAwayError`, and whatever reads continues behind the last thing that it was handed.
 * Implementations: NATS in bus/, memory for tests; one contract test holds for both.
 */
import type { Bytes, Millis } from './units.js';

/** The connection ended for good: nothing more can be sent or received. */
export class BusLostError extends Error {
  override readonly name = 'BusLostError';
  readonly code = 'BUS_LOST';
}

/**
 * The server cannot be reached now, or did not answer in time; whether it did what was asked is not
 * known. The same request may be repeated later: it is built so that nothing is done twice.
 */
export class BusAwayError extends Error {
  override readonly name = 'BusAwayError';
  readonly code = 'BUS_AWAY';
}

/** The other side refused what was asked: too old a server, a full disk, a missing right. */
export class BusRefusedError extends Error {
  override readonly name = 'BusRefusedError';
  readonly code = 'BUS_REFUSED';
}

/** The server does not know the credentials; the reaction is to give the right ones. */
export class BusUnauthorizedError extends Error {
  override readonly name = 'BusUnauthorizedError';
  readonly code = 'BUS_UNAUTHORIZED';
}

/** No encrypted connection between the two can come about as they are set up: no later try will bring one. */
export class BusUntrustedError extends Error {
  override readonly name = 'BusUntrustedError';
  readonly code = 'BUS_UNTRUSTED';
}

/** Must not throw; a validating layer stands in front of everything that could. */
export type Handler = (data: Uint8Array, subject: string) => void;

export interface Subscription {
  close(): void;
}

/** A subscription to what is stored: it goes on over reconnects, behind what it has handed over. */
export interface Reader extends Subscription {
  /** Null after `close`; else why nothing more will come: what was to be read is gone. */
  readonly ended: Promise<BusRefusedError | BusLostError | null>;
}

/** `since` is a reading of the clock that the bus was opened with. */
export type BusConnectionState =
  | { readonly kind: 'connected' }
  | { readonly kind: 'away'; readonly since: Millis }
  | { readonly kind: 'closed' };

/** How the connection is, for decisions and for words. */
export interface BusConnection {
  readonly state: BusConnectionState;
  /** Told at every change after this call. */
  onChange(listener: (state: BusConnectionState) => void): Subscription;
}

/** Messages in the order of publication, kept until purged. */
export interface BusStream {
  /**
   * Resolves once the message is stored. Publishing an id twice stores one message: the second
   * publication is told that it was `repeated`, whoever stored the first one.
   *
   * @throws BusLostError, BusAwayError, BusRefusedError
   */
  publish(subject: string, data: Uint8Array, id: string): Promise<'stored' | 'repeated'>;
  /**
   * Hands over every stored and every future message whose subject matches one of the filters, in
   * the order of publication, each once. A stream that someone removes and `ensureStream` creates
   * again is read from its beginning.
   *
   * @param behind a subject: what was stored before its first message is left out, where there is one
   */
  read(filters: readonly string[], handler: Handler, behind?: string): Promise<Reader>;
  /** Removes the messages whose subjects match; how many there were. */
  purge(filter: string): Promise<number>;
  /** Removes the stream; it must not be used afterwards. */
  remove(): Promise<void>;
}

/** Must not throw. `sequence` counts from 1 without gaps. */
export type LogHandler = (data: Uint8Array, sequence: number) => void;

/** Entries in the order of their storage, of one writer at a time: the expected end is its fence. */
export interface BusLog {
  /**
   * Stores the entry if the newest one has the sequence `after`; 0 says that there must be none.
   * After a `BusAwayError` the same entry must be appended again, behind the same one, until the
   * answer is known: an entry whose answer was lost is recognized and not stored twice.
   *
   * @returns the entry's sequence, `after + 1`; null where someone else has appended.
   * @throws BusLostError, BusAwayError, BusRefusedError
   */
  append(data: Uint8Array, after: number): Promise<number | null>;
  /**
   * Hands over every entry from this sequence on, stored or future, in order, each once. It ends
   * where the log is removed, or has lost entries that were still to be handed over.
   */
  read(from: number, handler: LogHandler): Promise<Reader>;
  /** Sequence of the newest entry; 0 without one. */
  last(): Promise<number>;
  /** What it is about is over: its entries live for `busEndedLogAge` more, or until it is appended to. */
  retire(): Promise<void>;
  /** Removes the log; it must not be used afterwards. */
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
  /**
   * Hands over what the value is, null for none, and what it becomes at every change. Changes that
   * follow each other closely may be handed over as one: the newest wins.
   */
  watch(key: string, handler: (value: BusValue | null) => void): Promise<Reader>;
}

export interface Bus {
  /** Longest message that the server accepts. */
  readonly maxPayload: Bytes;
  /**
   * Settles when the connection ends for good: null where `close` was called, else why it cannot
   * come back, as when the server refuses the credentials.
   */
  readonly closed: Promise<BusLostError | null>;
  readonly connection: BusConnection;
  /**
   * Sends without confirmation; who does not listen misses it, and while the connection is away
   * everyone does: nothing is kept for later.
   */
  publish(subject: string, data: Uint8Array): void;
  /** `*` stands for one token and `>` for all that follow. */
  subscribe(filter: string, handler: Handler): Subscription;
  /** Resolves when everything before has reached the server, subscriptions included. */
  flush(): Promise<void>;
  /** Creates the stream, empty: messages that an earlier run left under this name are removed. */
  createStream(name: string, filter: string): Promise<BusStream>;
  /** Opens the stream, and creates it where there is none; what it holds stays. */
  ensureStream(name: string, filter: string): Promise<BusStream>;
  /** Opens a stream that someone else creates. */
  openStream(name: string): Promise<BusStream>;
  /** Opens the log whose entries travel under the subject, and creates it where there is none. */
  ensureLog(name: string, subject: string): Promise<BusLog>;
  /** Opens a log that someone else creates. */
  openLog(name: string): Promise<BusLog>;
  /** Opens or creates a store of files. */
  openObjects(bucket: string): Promise<BusObjects>;
  /** Opens or creates a store of values. */
  openValues(bucket: string): Promise<BusValues>;
  /** Opens a store of values that someone else creates; null while nobody has. */
  findValues(bucket: string): Promise<BusValues | null>;
  /** Names of all streams and stores of files that this account can see. */
  names(): Promise<{ readonly streams: readonly string[]; readonly objects: readonly string[] }>;
  /** Sends what is queued, then disconnects. */
  close(): Promise<void>;
}
