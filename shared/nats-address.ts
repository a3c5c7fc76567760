/** Where nats-server is and how one shows who one is; parsed once, complete afterwards. */

export type NatsCredentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | {
      readonly kind: 'jwt';
      readonly jwt: string;
      /** Proves that the token is one's own; never sent. */
      readonly seed: string;
      readonly user: string;
      /** Where answers to this user arrive. */
      readonly inbox: string;
      /** When the token does, in milliseconds of the wall clock; null for never. */
      readonly expires: number | null;
    };

/** Files of certificates and keys in PEM; null where none is named. */
export interface NatsTls {
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
}

export interface NatsAddress {
  /** `host:port` of each server of a cluster, at least one. */
  readonly servers: readonly string[];
  /** Null where the connection is in the clear. */
  readonly tls: NatsTls | null;
  readonly credentials: NatsCredentials;
}

const form = 'nats://host:4222 or tls://host:4222, several of them with commas in between';

/**
 * Reads `nats://[token@]host[:port]` or `nats://user:password@host[:port]`, several of them separated
 * by commas; `tls://` in place of `nats://` for an encrypted connection.
 *
 * @throws RangeError that says the rule, and the text without its secret.
 */
export function parseNatsUrl(text: string): NatsAddress {
  const urls = addressesOf(text).map((part) => parsed(part.trim(), text));
  const [first] = urls as [URL, ...URL[]];
  if (urls.some(({ protocol }) => protocol !== first.protocol)) {
    throw refused(text, 'either all or none of its servers must be tls://');
  }
  const named = urls.map((url) => credentialsOf(url, text)).filter(({ kind }) => kind !== 'none');
  if (new Set(named.map((credentials) => JSON.stringify(credentials))).size > 1) {
    throw refused(text, 'its servers must have the same secret');
  }
  return {
    servers: urls.map(({ hostname, port }) => `${hostname}:${port || '4222'}`),
    tls: first.protocol === 'tls:' ? { caFile: null, certFile: null, keyFile: null } : null,
    credentials: named[0] ?? { kind: 'none' },
  };
}

/** A secret may hold commas too. */
const addressesOf = (text: string): string[] => text.split(/,(?=\s*[a-z]+:\/\/)/);

function parsed(part: string, text: string): URL {
  const url = URL.canParse(part) ? new URL(part) : null;
  if (url === null || !['nats:', 'tls:'].includes(url.protocol) || url.hostname === '') {
    throw refused(text, `it must be like ${form}`);
  }
  return url;
}

function credentialsOf({ password, username }: URL, text: string): NatsCredentials {
  const [user, secret] = [decoded(username, text), decoded(password, text)];
  if (secret !== '') return { kind: 'password', user, password: secret };
  return user === '' ? { kind: 'none' } : { kind: 'token', token: user };
}

function decoded(part: string, text: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw refused(text, 'a "%" in its secret must be written as %25');
  }
}

const refused = (text: string, rule: string): RangeError =>
  new RangeError(`Cannot use "${withoutSecret(text)}" as the address of nats-server: ${rule}`);

/** The address without its secrets, for messages and logs. */
export function withoutSecret(url: string): string {
  return addressesOf(url)
    .map((address) => address.replace(/^(\s*[a-z]+:\/\/)?.*@/s, '$1'))
    .join(',');
}

/** The servers alone, for messages and logs. */
export const serversText = ({ servers }: NatsAddress): string => servers.join(', ');
