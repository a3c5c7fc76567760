import type { NatsError } from 'nats';
import { BusLostError, BusRefusedError } from '../shared/bus.js';

/** Of a request on a subject that nobody listens to; the client gives it no words. */
const noAnswer = '503';

const wordsOf = ({ code, message }: NatsError): string =>
  code === noAnswer
    ? 'nobody on nats-server answers (503): it runs without JetStream, or what the run stores there ' +
      'was removed by someone else'
    : message;

/** Answers of the server are refusals; everything else means that there is no server. */
export function asBusError(cause: unknown, what: string): BusLostError | BusRefusedError {
  if (cause instanceof BusLostError || cause instanceof BusRefusedError) return cause;
  const error = cause as NatsError;
  const message = `Cannot ${what}: ${wordsOf(error)}`;
  const refused =
    error.api_error !== undefined ||
    ['MAX_PAYLOAD_EXCEEDED', 'BAD_SUBJECT', 'PERMISSIONS_VIOLATION', noAnswer].includes(error.code);
  return refused ? new BusRefusedError(message, { cause }) : new BusLostError(message, { cause });
}
