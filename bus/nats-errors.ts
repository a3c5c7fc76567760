import type { ApiError, NatsError } from 'nats';
import {
  BusAwayError,
  BusLostError,
  BusRefusedError,
  BusUnauthorizedError,
  BusUntrustedError,
} from '../shared/bus.js';

/** A request on a subject that nobody listens to; the client gives it no words. */
export const isUnheard = ({ api_error, code }: NatsError): boolean =>
  code === '503' && api_error === undefined;

/** The client's codes of a user that the server does not know, or not any more. */
const unauthorized = [
  'AUTHORIZATION_VIOLATION',
  'AUTHENTICATION_EXPIRED',
  'ACCOUNT_EXPIRED',
  'BAD_AUTHENTICATION',
  'BAD_CREDS',
];

/** Node's codes of a certificate that will be no better in a moment; one that is not valid yet may be. */
const untrusted = [
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];

/** The client's code of an encryption that it wants and the server has not. */
const encryptionMissing = 'SERVER_OPT_NA';

/** Its code of one that the server wants and it has not, and of files that it cannot read. */
const encryptionFails = 'TLS';

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

/** Of a try to connect: what no later try mends is not tried again. */
export function connectError(
  cause: NatsError,
  servers: string,
  isEncrypted: boolean,
): BusLostError | BusUnauthorizedError | BusUntrustedError {
  const { code, message } = cause;
  const what = `Cannot connect to nats-server at ${servers}`;
  if (unauthorized.includes(code)) {
    const rule =
      'LOCKSTEP_NATS_URL or the file of LOCKSTEP_NATS_CREDENTIALS_FILE must show a user that it knows';
    return new BusUnauthorizedError(`${what}: ${message}: ${rule}`, { cause });
  }
  if (untrusted.includes(code)) {
    const rule =
      'LOCKSTEP_NATS_CA_FILE must hold the certificate that its own is signed with, and the address its name';
    return new BusUntrustedError(`${what}: its certificate is not trusted: ${message}: ${rule}`, {
      cause,
    });
  }
  if (code === encryptionMissing) {
    const rule = 'LOCKSTEP_NATS_URL must begin with nats://, or the server be given a certificate';
    return new BusUntrustedError(`${what}: it has no encryption: ${rule}`, { cause });
  }
  if (code === encryptionFails) {
    const why = isEncrypted
      ? message
      : 'it wants encryption: LOCKSTEP_NATS_URL must begin with tls://';
    return new BusUntrustedError(`${what}: ${why}`, { cause });
  }
  return new BusLostError(`${what}: ${message}`, { cause });
}

/** A server does not know whoever connects, which one with a token cannot tell from not yet. */
export const isUnknownUser = (error: unknown): error is BusUnauthorizedError =>
  error instanceof BusUnauthorizedError &&
  (error.cause as NatsError | undefined)?.code === 'AUTHORIZATION_VIOLATION';

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
