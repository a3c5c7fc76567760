/**
 * Who may read a process's metrics and health, and whether the way there is encrypted: from files that
 * the environment names, read once when the process starts.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { secretBytesMax, secretBytesMin } from '../../shared/limits.js';
import { isLoopback } from '../addresses/announced-address.js';
import { OptionError } from '../options.js';

const certificateVariable = 'LOCKSTEP_HTTP_TLS_CERT_FILE';
const keyVariable = 'LOCKSTEP_HTTP_TLS_KEY_FILE';
const tokenVariable = 'LOCKSTEP_METRICS_TOKEN_FILE';

export interface MetricsAccess {
  /** PEM; null speaks plainly. */
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | null;
  /** What every client must show; null answers everyone. */
  readonly token: string | null;
}

export const openAccess: MetricsAccess = { tls: null, token: null };

/** @throws OptionError that names the variable and the rule, and never the token */
export function readMetricsAccess(environment: NodeJS.ProcessEnv = process.env): MetricsAccess {
  const file = (name: string): string => environment[name] ?? '';
  const token =
    file(tokenVariable) === '' ? null : readTokenFile(tokenVariable, file(tokenVariable));
  return { tls: readTls(file(certificateVariable), file(keyVariable)), token };
}

/** `https` where the processes that get this environment serve their metrics with TLS. */
export const metricsScheme = (environment: NodeJS.ProcessEnv = process.env): 'http' | 'https' =>
  (environment[certificateVariable] ?? '') === '' ? 'http' : 'https';

/**
 * As `readMetricsAccess`, for a server on that host; says so where everyone may read it.
 *
 * @throws OptionError
 */
export function accessOn(
  host: string,
  warn: (text: string) => void,
  environment: NodeJS.ProcessEnv = process.env,
): MetricsAccess {
  const access = readMetricsAccess(environment);
  if (access.token === null && !isLoopback(host)) {
    warn(`everyone who reaches ${host} may read the metrics: ${tokenVariable} is not set`);
  }
  return access;
}

/** @param authorization the header, null where there is none */
export function isAllowed(authorization: string | null, { token }: MetricsAccess): boolean {
  if (token === null) return true;
  const [, shown = ''] = /^bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
  // Of one length, so that the time of the comparison tells nothing.
  return timingSafeEqual(digestOf(shown), digestOf(token));
}

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

function readTls(certificateFile: string, keyFile: string): MetricsAccess['tls'] {
  if (certificateFile === '' && keyFile === '') return null;
  if (certificateFile === '' || keyFile === '') {
    const missing = certificateFile === '' ? certificateVariable : keyVariable;
    throw new OptionError(
      `Cannot start: ${missing} is missing: metrics are encrypted with both of ` +
        `${certificateVariable} and ${keyVariable}, or with none`,
    );
  }
  const cert = contentOf(certificateVariable, certificateFile);
  const key = contentOf(keyVariable, keyFile);
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    throw new OptionError(
      `Cannot start: ${certificateVariable} and ${keyVariable} must name a certificate and its key ` +
        `as PEM: ${certificateFile} and ${keyFile} are none: ${(cause as Error).message}`,
      { cause },
    );
  }
  return { cert, key };
}

/** @throws OptionError that names the variable and the rule, and never the token */
export function readTokenFile(variable: string, path: string): string {
  const token = contentOf(variable, path).toString('latin1').trim();
  if (token.length < secretBytesMin || token.length > secretBytesMax || /[^!-~]/.test(token)) {
    throw new OptionError(
      `Cannot start: the file ${path} of ${variable} must hold one line of ${secretBytesMin} to ` +
        `${secretBytesMax} printable characters without spaces, such as \`openssl rand -hex 32\` ` +
        `prints: it has ${token.length}`,
    );
  }
  return token;
}

function contentOf(variable: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new OptionError(
      `Cannot start: ${variable} must name a file that can be read: ${(cause as Error).message}`,
      { cause },
    );
  }
}
