/**
 * What can go wrong between members, one class per reaction, and their form on a MessagePort:
 * structured clone would turn each of them into a plain Error without its code.
 */
import type { Rank, Step } from '../../shared/ids.js';
import type { Millis } from '../../shared/units.js';

/** A peer's socket closed. The step is lost, the job is not. */
export class PeerLostError extends Error {
  override readonly name = 'PeerLostError';
  readonly code = 'PEER_LOST';
  readonly peer: Rank;
  /** The step that was under way; null before the first one. */
  readonly step: Step | null;
  readonly how: string;

  constructor(peer: Rank, step: Step | null, how: string, options?: ErrorOptions) {
    const what = step === null ? 'start training' : `finish step ${step}`;
    super(`Cannot ${what}: rank ${peer} is lost: ${how}: its links should stay open`, options);
    this.peer = peer;
    this.step = step;
    this.how = how;
  }
}

/** A peer's sockets are open, but nothing came for as long as a wait may last. */
export class PeerTimeoutError extends Error {
  override readonly name = 'PeerTimeoutError';
  readonly code = 'PEER_TIMEOUT';
  readonly peer: Rank;
  readonly step: Step;
  readonly silentFor: Millis;

  constructor(peer: Rank, step: Step, silentFor: Millis, options?: ErrorOptions) {
    super(
      `Cannot finish step ${step}: rank ${peer} was silent for ${Math.round(silentFor)} ms`,
      options,
    );
    this.peer = peer;
    this.step = step;
    this.silentFor = silentFor;
  }
}

/** Somebody on this side gave up: the generation changed, or the run ends. */
export class ExchangeAbortedError extends Error {
  override readonly name = 'ExchangeAbortedError';
  readonly code = 'EXCHANGE_ABORTED';
  readonly reason: string;

  constructor(reason: string, options?: ErrorOptions) {
    super(`Cannot go on exchanging: it was aborted: ${reason}`, options);
    this.reason = reason;
  }
}

/** The members could not be linked to each other in time, or one refused. */
export class LinksConnectError extends Error {
  override readonly name = 'LinksConnectError';
  readonly code = 'LINKS_CONNECT';
  readonly peer: Rank;
  readonly reason: string;

  constructor(peer: Rank, reason: string, options?: ErrorOptions) {
    super(`Cannot link to rank ${peer}: ${reason}`, options);
    this.peer = peer;
    this.reason = reason;
  }
}

/** A holder does not have the state now; the reaction is to ask it again. */
export class StateAbsentError extends Error {
  override readonly name = 'StateAbsentError';
  readonly code = 'STATE_ABSENT';
  readonly reason: string;

  constructor(reason: string, options?: ErrorOptions) {
    super(`Cannot copy the state of another member yet: ${reason}`, options);
    this.reason = reason;
  }
}

/** A holder gave no copy of the state; the reaction is to ask another one, or to start from a checkpoint. */
export class StateTransferError extends Error {
  override readonly name = 'StateTransferError';
  readonly code = 'STATE_TRANSFER';
  readonly reason: string;

  constructor(reason: string, options?: ErrorOptions) {
    super(`Cannot copy the state of another member: ${reason}`, options);
    this.reason = reason;
  }
}

export type ErrorMessage =
  | {
      readonly code: 'PEER_LOST';
      readonly peer: Rank;
      readonly step: Step | null;
      readonly how: string;
    }
  | {
      readonly code: 'PEER_TIMEOUT';
      readonly peer: Rank;
      readonly step: Step;
      readonly silentFor: Millis;
    }
  | { readonly code: 'EXCHANGE_ABORTED'; readonly reason: string }
  | { readonly code: 'LINKS_CONNECT'; readonly peer: Rank; readonly reason: string }
  | { readonly code: 'STATE_ABSENT' | 'STATE_TRANSFER'; readonly reason: string }
  | { readonly code: null; readonly message: string; readonly stack: string };

export function toMessage(error: unknown): ErrorMessage {
  if (error instanceof PeerLostError) {
    const { code, peer, step, how } = error;
    return { code, peer, step, how };
  }
  if (error instanceof PeerTimeoutError) {
    const { code, peer, step, silentFor } = error;
    return { code, peer, step, silentFor };
  }
  if (error instanceof ExchangeAbortedError) return { code: error.code, reason: error.reason };
  if (error instanceof LinksConnectError) {
    return { code: error.code, peer: error.peer, reason: error.reason };
  }
  if (error instanceof StateAbsentError || error instanceof StateTransferError) {
    return { code: error.code, reason: error.reason };
  }
  const unknown = error instanceof Error ? error : new Error(String(error));
  return { code: null, message: unknown.message, stack: unknown.stack ?? '' };
}

export function fromMessage(message: ErrorMessage): Error {
  switch (message.code) {
    case 'PEER_LOST':
      return new PeerLostError(message.peer, message.step, message.how);
    case 'PEER_TIMEOUT':
      return new PeerTimeoutError(message.peer, message.step, message.silentFor);
    case 'EXCHANGE_ABORTED':
      return new ExchangeAbortedError(message.reason);
    case 'LINKS_CONNECT':
      return new LinksConnectError(message.peer, message.reason);
    case 'STATE_ABSENT':
      return new StateAbsentError(message.reason);
    case 'STATE_TRANSFER':
      return new StateTransferError(message.reason);
    case null: {
      const error = new Error(message.message);
      error.stack = message.stack;
      return error;
    }
  }
}
