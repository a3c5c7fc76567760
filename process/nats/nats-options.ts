/**
 * How a process reaches nats-server: from the environment and from files, never from its command line,
 * which everyone on the machine can read. Read once, complete afterwards.
 */
import { accessSync, constants, readFileSync } from 'node:fs';
import { busPatience } from '../../shared/limits.js';
import { type NatsAddress, type NatsCredentials, parseNatsUrl } from '../../shared/nats-address.js';
import { isNatsCreds, readNatsCreds } from '../../shared/nats-creds.js';
import { type Millis, millis } from '../../shared/units.js';
import { OptionError } from '../options.js';

/** Variables that say how nats-server is reached. */
const natsVariables = [
  'LOCKSTEP_NATS_URL',
  'LOCKSTEP_NATS_CREDENTIALS_FILE',
  'LOCKSTEP_NATS_CA_FILE',
  'LOCKSTEP_NATS_CERT_FILE',
  'LOCKSTEP_NATS_KEY_FILE',
  'LOCKSTEP_NATS_REPLICAS',
  'LOCKSTEP_NATS_WAIT',
] as const;

type Variable = (typeof natsVariables)[number];
export type NatsEnvironment = Readonly<Partial<Record<string, string>>>;

export interface NatsOptions {
  readonly address: NatsAddress;
  /** Servers of a cluster that each hold what is stored: 1, 3 or 5. */
  readonly replicas: number;
  /** How long a server that cannot be reached yet is tried again. */
  readonly patience: Millis;
}

/**
 * @param url In place of LOCKSTEP_NATS_URL, as a command's `--nats` has it.
 * @throws OptionError
 */
export function readNatsOptions(
  environment: NatsEnvironment = process.env,
  url: string | null = null,
): NatsOptions {
  const value = (name: Variable): string | null => environment[name] || null;
  const text = url ?? value('LOCKSTEP_NATS_URL');
  if (text === null) {
    throw new OptionError(
      'Cannot start: the environment variable LOCKSTEP_NATS_URL is missing: it must be the address ' +
        'of nats-server, such as nats://host:4222',
    );
  }
  const parsed = address(text);
  const file = value('LOCKSTEP_NATS_CREDENTIALS_FILE');
  return {
    address: {
      servers: parsed.servers,
      credentials: file === null ? parsed.credentials : credentialsIn(file, parsed.credentials),
      tls: readTls(parsed.tls !== null, value),
    },
    replicas: readReplicas(value('LOCKSTEP_NATS_REPLICAS')),
    patience: readPatience(value('LOCKSTEP_NATS_WAIT')),
  };
}

/** What a process is given that uses a server of our own: whatever is set about others must not count. */
export const ownServerEnvironment = (url: string): Record<string, string> => ({
  ...Object.fromEntries(natsVariables.map((name) => [name, ''])),
  LOCKSTEP_NATS_URL: url,
});

function address(text: string): NatsAddress {
  try {
    return parseNatsUrl(text);
  } catch (cause) {
    throw new OptionError(`LOCKSTEP_NATS_URL: ${(cause as Error).message}`, { cause });
  }
}

/** A line `user:password`, a token without a colon, or a `.creds` file of NATS. */
function credentialsIn(path: string, ofUrl: NatsCredentials): NatsCredentials {
  const variable = 'LOCKSTEP_NATS_CREDENTIALS_FILE';
  if (ofUrl.kind !== 'none') {
    throw refused(variable, path, 'the address must hold no secret where a file does');
  }
  const line = readSecret(variable, path);
  if (isNatsCreds(line)) {
    const creds = readNatsCreds(line);
    if (creds !== null) return creds;
    throw refused(
      variable,
      path,
      "its file must hold a user's JWT and its seed, as .creds files do",
    );
  }
  const colon = line.indexOf(':');
  const rule = 'its file must hold one line user:password, or a token, or be a .creds file';
  if (line === '' || /\s/.test(line)) throw refused(variable, path, rule);
  if (colon < 0) return { kind: 'token', token: line };
  const [user, password] = [line.slice(0, colon), line.slice(colon + 1)];
  if (user === '' || password === '') throw refused(variable, path, rule);
  return { kind: 'password', user, password };
}

function readSecret(variable: Variable, path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw refused(variable, path, 'it must name a file that can be read', cause);
  }
}

function readTls(isTls: boolean, value: (name: Variable) => string | null): NatsAddress['tls'] {
  const file = (name: Variable): string | null => {
    const path = value(name);
    if (path === null) return null;
    if (!isTls) throw refused(name, path, 'the address must begin with tls:// where it is set');
    requireReadable(name, path);
    return path;
  };
  const tls = {
    caFile: file('LOCKSTEP_NATS_CA_FILE'),
    certFile: file('LOCKSTEP_NATS_CERT_FILE'),
    keyFile: file('LOCKSTEP_NATS_KEY_FILE'),
  };
  if ((tls.certFile === null) !== (tls.keyFile === null)) {
    const name = tls.certFile === null ? 'LOCKSTEP_NATS_KEY_FILE' : 'LOCKSTEP_NATS_CERT_FILE';
    const rule = 'LOCKSTEP_NATS_CERT_FILE and LOCKSTEP_NATS_KEY_FILE must be set together';
    throw refused(name, tls.certFile ?? tls.keyFile ?? '', rule);
  }
  return isTls ? tls : null;
}

function requireReadable(variable: Variable, path: string): void {
  try {
    accessSync(path, constants.R_OK);
  } catch (cause) {
    throw refused(variable, path, 'it must name a file that can be read', cause);
  }
}

function readReplicas(text: string | null): number {
  if (text === null || text === '1') return 1;
  if (text === '3' || text === '5') return Number(text);
  throw refused('LOCKSTEP_NATS_REPLICAS', text, 'it must be 1, 3 or 5');
}

const longestWait = 86_400;

function readPatience(text: string | null): Millis {
  if (text === null) return busPatience;
  const seconds = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (seconds <= longestWait) return millis(seconds * 1000);
  throw refused(
    'LOCKSTEP_NATS_WAIT',
    text,
    `it must be seconds, an integer in [0, ${longestWait}]`,
  );
}

const refused = (variable: Variable, value: string, rule: string, cause?: unknown): OptionError =>
  new OptionError(
    `Cannot start: ${variable}: ${rule}: current value is ${JSON.stringify(value)}`,
    cause === undefined ? undefined : { cause },
  );
