/** What a job's processes show nats-server: one account a job, and in it one user a role. */
import { type NatsRole, rightsOf } from '../../process/nats/nats-roles.js';
import { membersMax } from '../../shared/limits.js';
import { mebibytes } from '../../shared/units.js';
import { type AccountLimits, accountJwt, userJwt } from './claims.js';
import type { Keys } from './keys.js';
import type { NatsKey } from './nkey.js';

/** The object that a job is: a name may come again, a uid does not. */
export interface JobIdentity {
  readonly uid: string;
  readonly name: string;
}

export interface JobCredentials {
  /** Pushed to the servers before any of the job's processes starts. */
  readonly accountJwt: string;
  /** Contents of files for LOCKSTEP_NATS_CREDENTIALS_FILE. */
  readonly coordinatorCreds: string;
  readonly workerCreds: string;
  readonly watcherCreds: string;
}

/**
 * A dataset and pretrained weights travel through the servers, and each of three holds a copy: the storage
 * is some 5 GiB of them. A lone server sets every account's storage aside at once, whether it is used or
 * not, and a second job would find none: there the server's own limit is the only one. A run has five
 * streams; a worker reads three of them, and 1,024 workers may read at once. Each process has one connection, and for a
 * moment another one when it comes back; whoever has a job's credentials cannot take the servers' last one.
 */
export const limitsOn = (servers: number): AccountLimits => ({
  storage: servers === 1 ? null : mebibytes(16 * 1024),
  connections: 2 * membersMax + 64,
  streams: 32,
  consumers: 8192,
});

/** @param servers How many there are (LOCKSTEP_NATS_REPLICAS). The same job gives the same bytes. */
export function jobCredentials(
  keys: Keys,
  { name, uid }: JobIdentity,
  servers = 3,
): JobCredentials {
  const account = keys.account(uid);
  const credsOf = (role: NatsRole): string => {
    const user = keys.user(uid, role);
    return credsText(userJwt(account, role, user.publicKey, rightsOf(role, name, role)), user);
  };
  return {
    accountJwt: accountJwt(keys.operator, `lockstep-${name}`, account.publicKey, limitsOn(servers)),
    coordinatorCreds: credsOf('coordinator'),
    workerCreds: credsOf('worker'),
    watcherCreds: credsOf('watcher'),
  };
}

/** The form in which every client of NATS reads a user's token and seed. */
export const credsText = (jwt: string, user: NatsKey): string =>
  `-----BEGIN NATS USER JWT-----
${jwt}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${user.seed}
------END USER NKEY SEED------
`;
