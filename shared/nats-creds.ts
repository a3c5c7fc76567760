/** Credentials as NATS' own tools write them: a user's token and the seed that proves that one is it. */
import type { NatsCredentials } from './nats-address.js';

/** Looked for where a secret may be of several forms. */
export const isNatsCreds = (text: string): boolean => text.includes('BEGIN NATS USER JWT');

/**
 * What stands in a `.creds` file; null where it is none. The token is not verified: whether it is right is
 * the server's to say. Out of it comes only where answers to this user may arrive.
 */
export function readNatsCreds(text: string): (NatsCredentials & { kind: 'jwt' }) | null {
  const jwt = between(text, 'NATS USER JWT');
  const seed = between(text, 'USER NKEY SEED');
  const claims = jwt === null ? null : claimsOf(jwt);
  if (jwt === null || seed === null || claims === null || !/^SU[A-Z2-7]{56}$/.test(seed))
    return null;
  const { expires, name: user } = claims;
  return { kind: 'jwt', jwt, seed, user, inbox: inboxOf(claims), expires };
}

const between = (text: string, what: string): string | null =>
  new RegExp(`-{3,}BEGIN ${what}-{3,}\\s*(\\S+)\\s*-{3,}END ${what}-{3,}`).exec(text)?.[1] ?? null;

interface Claims {
  readonly name: string;
  /** Subjects that the user may listen to; empty for all. */
  readonly listens: readonly string[];
  /** Milliseconds of the wall clock; null for never. */
  readonly expires: number | null;
}

function claimsOf(jwt: string): Claims | null {
  const [, body, signature] = jwt.split('.');
  if (body === undefined || signature === undefined) return null;
  try {
    const { exp, name, nats } = JSON.parse(Buffer.from(body, 'base64url').toString()) ?? {};
    const allowed: unknown = nats?.sub?.allow ?? [];
    if (typeof name !== 'string' || !Array.isArray(allowed)) return null;
    return {
      name,
      listens: allowed.filter((subject) => typeof subject === 'string'),
      expires: typeof exp === 'number' && exp > 0 ? exp * 1000 : null,
    };
  } catch {
    return null;
  }
}

/** A user that is limited says itself where it may listen; any other one has an inbox by its name. */
function inboxOf({ listens, name }: Claims): string {
  const inboxes = listens.map((subject) => /^(_INBOX[A-Za-z0-9_-]*)\.>$/.exec(subject)?.[1]);
  return inboxes.find((inbox) => inbox !== undefined) ?? inboxOfUser(name);
}

/** Replies to a user arrive where only this user may listen (process/nats/nats-roles.ts). */
export const inboxOfUser = (user: string): string =>
  /^[A-Za-z0-9_-]+$/.test(user) ? `_INBOX_${user}` : '_INBOX';
