/**
 * The tokens of NATS: who an operator, an account or a user is, and what it may. They hold no time of
 * their making, unlike those of other tools, so that the same job always gives the same bytes.
 */
import { createHash } from 'node:crypto';
import type { NatsRights } from '../../process/nats/nats-roles.js';
import type { Bytes } from '../../shared/units.js';
import type { NatsKey } from './nkey.js';

/**
 * In place of the seconds since 1970 at which a token was issued: of two tokens of one account, servers
 * keep the one with the greater number. Count it up where what the tokens say changes.
 */
const revision = 2;

const unlimited = -1;

/**
 * What one job may hold on the servers, copies included (null: what there is), and in how many streams; and how
 * many of its processes may be connected at once.
 */
export interface AccountLimits {
  readonly connections: number;
  readonly storage: Bytes | null;
  readonly streams: number;
  readonly consumers: number;
}

export const operatorJwt = (operator: NatsKey, systemAccount: string): string =>
  token('lockstep', operator, operator.publicKey, {
    type: 'operator',
    version: 2,
    system_account: systemAccount,
  });

/** Signed by the operator. Without limits the account has no JetStream, as the system account must. */
export const accountJwt = (
  operator: NatsKey,
  name: string,
  account: string,
  limits: AccountLimits | null,
): string =>
  token(name, operator, account, {
    type: 'account',
    version: 2,
    limits: {
      subs: unlimited,
      data: unlimited,
      payload: unlimited,
      imports: 0,
      exports: 0,
      wildcards: true,
      conn: limits?.connections ?? unlimited,
      leaf: 0,
      ...(limits === null ? {} : jetStreamLimits(limits)),
    },
    default_permissions: { pub: {}, sub: {} },
  });

const jetStreamLimits = ({ consumers, storage, streams }: AccountLimits): object => ({
  // Nothing of a run may live in memory alone: a server that starts again would have lost it.
  mem_storage: 0,
  disk_storage: storage ?? unlimited,
  streams,
  consumer: consumers,
  max_ack_pending: unlimited,
});

/** Signed by the account. */
export const userJwt = (account: NatsKey, name: string, user: string, may: NatsRights): string =>
  token(name, account, user, {
    type: 'user',
    version: 2,
    pub: { allow: may.publish },
    sub: { allow: may.subscribe },
    subs: unlimited,
    data: unlimited,
    payload: unlimited,
  });

/** The wish that servers forget these accounts; signed by the operator. */
export const removalJwt = (operator: NatsKey, accounts: readonly string[]): string =>
  token('removal', operator, operator.publicKey, { type: 'generic', version: 2, accounts });

function token(name: string, issuer: NatsKey, subject: string, claims: object): string {
  const body = {
    aud: 'NATS',
    iat: revision,
    iss: issuer.publicKey,
    name,
    nats: claims,
    sub: subject,
  };
  // Servers tell by it whether a token is the one that they have.
  const jti = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  const signed = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part({ jti, ...body })}`;
  const signature = issuer.sign(new TextEncoder().encode(signed));
  return `${signed}.${Buffer.from(signature).toString('base64url')}`;
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
