import type { ApiError, NatsError } from 'nats';
import { BusAwayError, BusLostError, BusRefusedError } from '../shared/bus.js';

/** A request on a subject that nobody listens to; the client gives it no words. */
export const isUnheard = ({ api_error, code }: NatsError): boolean =>
  code === '503' && api_error === undefined;

const refusals = ['MAX_PAYLOAD_EXCEEDED', 'BAD_SUBJECT', 'PERMISSIONS_VIOLATION'];

/** JetStream's codes of a publication that expected another end of the stream or of its subject. */
const late = [10071, 10164];

/** JetStream's codes of a cluster that is electing, or has lost a server and will find another one. */
const passing = [10004, 10005, 10007, 10008, 10009, 10118];

/** JetStream's codes of a stream, an account or a disk that has no room. */
const noRoom = [10002, 10023, 10026, 10027, 10028, 10047, 10077];

const notFound = 404;

const apiErrorOf = (error: unknown): ApiError | undefined => {
  const { api_error, cause } = error as NatsError;
  return api_error ?? (cause as NatsError | undefined)?.api_error;
};

/** Whether someone else was faster. */
export const isLate = (error: unknown): boolean => late.includes(apiErrorOf(error)?.err_code ?? 0);

/** Whether what was asked for is not there. */
export const isMissing = (error: unknown): boolean => apiErrorOf(error)?.code === notFound;

const wordsOf = (error: NatsError): string => {
  if (isUnheard(error)) {
    return (
      'nobody on nats-server answers (503): it runs without JetStream, or what the run stores there ' +
      'was removed by someone else'
    );
  }
  return noRoom.includes(apiErrorOf(error)?.err_code ?? 0)
    ? `nats-server has no room: ${error.message}: raise the limits of the stream or of the account, ` +
        "or make room on the server's disk"
    : error.message;
};

/**
 * Answers of the server are refusals; everything else means that there is no server: none any more,
 * or where the connection `comesBack`, none now.
 */
export function asBusError(
  cause: unknown,
  what: string,
  comesBack: boolean,
): BusLostError | BusAwayError | BusRefusedError {
  if (isBusError(cause)) return cause;
  const error = cause as NatsError;
  const message = `Cannot ${what}: ${wordsOf(error)}`;
  if (comesBack && isPassing(error)) return new BusAwayError(message, { cause });
  const refused =
    error.api_error !== undefined || isUnheard(error) || refusals.includes(error.code);
  if (refused) return new BusRefusedError(message, { cause });
  return comesBack ? new BusAwayError(message, { cause }) : new BusLostError(message, { cause });
}

function isBusError(error: unknown): error is BusLostError | BusAwayError | BusRefusedError {
  return (
    error instanceof BusLostError ||
    error instanceof BusAwayError ||
    error instanceof BusRefusedError
  );
}

/** A server that has just started, or lost the leader of a stream, answers later. */
export const isPassing = (error: NatsError): boolean =>
  isUnheard(error) || passing.includes(error.api_error?.err_code ?? 0);
