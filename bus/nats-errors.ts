import type { NatsError } from 'nats';
import { BusLostError, BusRefusedError } from '../shared/bus.js';

/** Answers of the server are refusals; everything else means that there is no server. */
export function asBusError(cause: unknown, what: string): BusLostError | BusRefusedError {
  if (cause instanceof BusLostError || cause instanceof BusRefusedError) return cause;
  const error = cause as NatsError;
  const message = `Cannot ${what}: ${error.message}`;
  const refused =
    error.api_error !== undefined ||
    ['MAX_PAYLOAD_EXCEEDED', 'BAD_SUBJECT', 'PERMISSIONS_VIOLATION', '503'].includes(error.code);
  return refused ? new BusRefusedError(message, { cause }) : new BusLostError(message, { cause });
}
