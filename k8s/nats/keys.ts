/**
 * All secrets of an installation, out of one. The controller keeps a master key and nothing else: what a
 * job needs is derived from it and the uid of the job's object, so that making a job's Secret again gives
 * the same bytes, and no Secret of another namespace has ever to be read.
 */
import type { NatsRole } from '../../process/nats/nats-roles.js';
import { derivedBytes, derivedKey, type NatsKey } from './nkey.js';

/** The master key is not one. */
export class MasterKeyError extends Error {
  override readonly name = 'MasterKeyError';
  readonly code = 'MASTER_KEY';
}

export const masterKeyBytes = 32;

export interface Keys {
  /** Signs accounts; nats-server trusts whom it names. */
  readonly operator: NatsKey;
  /** The account over which accounts are pushed and removed. */
  readonly system: NatsKey;
  /** The controller's user in it. */
  readonly controller: NatsKey;
  /** What the servers of a cluster of NATS show each other. */
  readonly routesPassword: string;
  /** Signs the users of a job, and names the account. */
  account(uid: string): NatsKey;
  user(uid: string, role: NatsRole): NatsKey;
  /** What the job's workers show each other (LOCKSTEP_SECRET_FILE). */
  linksSecret(uid: string): string;
  /** Signs the coordinator's reports (LOCKSTEP_REPORT_KEY_FILE). */
  reportKey(uid: string): string;
  /** What operators show to the job's dashboard (LOCKSTEP_DASHBOARD_OPERATOR_TOKEN_FILE). */
  operatorToken(uid: string): string;
}

/** @throws MasterKeyError */
export function deriveKeys(masterKey: Uint8Array): Keys {
  if (masterKey.byteLength !== masterKeyBytes) {
    throw new MasterKeyError(
      `Cannot derive the installation's keys: the master key in the Secret lockstep-keys must have ` +
        `${masterKeyBytes} bytes: it has ${masterKey.byteLength}`,
    );
  }
  const hex = (label: string): string =>
    Buffer.from(derivedBytes(masterKey, label)).toString('hex');
  return {
    operator: derivedKey(masterKey, 'operator', 'lockstep'),
    system: derivedKey(masterKey, 'account', 'system'),
    controller: derivedKey(masterKey, 'user', 'system/controller'),
    routesPassword: hex('routes'),
    account: (uid) => derivedKey(masterKey, 'account', `job/${uid}`),
    user: (uid, role) => derivedKey(masterKey, 'user', `job/${uid}/${role}`),
    linksSecret: (uid) => hex(`links/${uid}`),
    reportKey: (uid) => hex(`report/${uid}`),
    operatorToken: (uid) => hex(`operator/${uid}`),
  };
}
