import assert from 'node:assert/strict';
import { test } from 'node:test';
import { natsRoles, rightsOf } from '../../process/nats/nats-roles.js';
import { readNatsCreds } from '../../shared/nats-creds.js';
import { jobCredentials } from './credentials.js';
import { deriveKeys, type Keys } from './keys.js';
import { natsAuthSecret } from './server-auth.js';

const keys = deriveKeys(new Uint8Array(32).fill(7));
const job = { uid: '5c1f', name: 'mine' };

interface Claims {
  readonly iss: string;
  readonly sub: string;
  readonly nats: Record<string, unknown>;
}

/** What a token says; its signature must be of whom it names. */
function claimsOf(jwt: string): Claims {
  const [head = '', body = '', signature = ''] = jwt.split('.');
  const claims: Claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  const signed = new TextEncoder().encode(`${head}.${body}`);
  const issuer = [keys.operator, keys.account('5c1f')].find(
    ({ publicKey }) => publicKey === claims.iss,
  );
  // Ed25519 knows one signature for a key and a text.
  assert.deepEqual(issuer?.sign(signed), Buffer.from(signature, 'base64url'));
  return claims;
}

const everySecret = (of: Keys, uid: string): string[] => [
  of.operator.publicKey,
  of.system.publicKey,
  of.controller.publicKey,
  of.routesPassword,
  of.account(uid).publicKey,
  ...natsRoles.map((role) => of.user(uid, role).publicKey),
  of.linksSecret(uid),
  of.reportKey(uid),
  of.operatorToken(uid),
];

// Would catch a Secret that is another one at every look at a job, and so restarts what mounts it.
test('the same master key and job give the same bytes, whenever they are made', () => {
  const again = deriveKeys(new Uint8Array(32).fill(7));
  assert.deepEqual(jobCredentials(again, job), jobCredentials(keys, job));
  assert.deepEqual(
    natsAuthSecret(again, 'lockstep-system'),
    natsAuthSecret(keys, 'lockstep-system'),
  );
  // As NATS' own package wrote them: other bytes would cut off every job that runs during an upgrade.
  assert.equal(
    keys.account('5c1f').publicKey,
    'ADMCYZ7PZTC3FTUTKBVFRX6LIYYBQFNPU6KT6KRHK6AQ6ZRHF6INBXGB',
  );
  const worker = keys.user('5c1f', 'worker');
  assert.equal(worker.publicKey, 'UAJG77VH7OKYXH5YP6ZE3YJ7R43K73IFAVH7RAXG2U34KQGL4OWUXLWE');
  assert.equal(worker.seed, 'SUAJO32LUCSS2FB6FCKURXV3ZJ7TBHXIT5UCFF6JHAPTGBQHYKNJA4HO3I');
  assert.equal(
    keys.linksSecret('5c1f'),
    '8053b24186bf6c0ed2c3a6cf0ac4da1e018d55eb84de44cb15058e4f40705f1a',
  );
});

// Would catch two purposes that share a secret, and a job whose secrets open another one's.
test('every purpose, every job and every installation has secrets of its own', () => {
  const others = deriveKeys(new Uint8Array(32).fill(8));
  const all = [
    ...everySecret(keys, '5c1f'),
    ...everySecret(keys, '5c20').slice(4),
    ...everySecret(others, '5c1f'),
  ];
  assert.equal(new Set(all).size, all.length);
});

// Would catch rights on paper that are not the roles', and users whom their account has not signed.
test("a job's users have the rights of their roles and are signed by its account", () => {
  const { accountJwt, coordinatorCreds, watcherCreds, workerCreds } = jobCredentials(keys, job);
  const account = claimsOf(accountJwt);
  assert.equal(account.iss, keys.operator.publicKey);
  assert.equal(account.sub, keys.account(job.uid).publicKey);
  const creds = { coordinator: coordinatorCreds, worker: workerCreds, watcher: watcherCreds };
  for (const role of natsRoles) {
    const read = readNatsCreds(creds[role]);
    assert.equal(read?.inbox, `_INBOX_${role}`);
    const user = claimsOf(read?.jwt ?? '');
    assert.equal(user.iss, account.sub);
    const { publish, subscribe } = rightsOf(role, 'mine', role);
    assert.deepEqual(user.nats.pub, { allow: publish });
    assert.deepEqual(user.nats.sub, { allow: subscribe });
  }
});

// Would catch a lone server that has no storage left for a second job, and a job that may fill a cluster.
test('an account is limited in its storage where servers do not set it aside', () => {
  const storageOn = (servers: number): unknown =>
    (
      claimsOf(jobCredentials(keys, job, servers).accountJwt).nats.limits as {
        disk_storage: number;
      }
    ).disk_storage;
  assert.equal(storageOn(1), -1);
  assert.equal(storageOn(3), 16 * 1024 ** 3);
});

// Would catch a tenant who takes all connections of the servers, with credentials that any job has.
test('an account is limited in its connections, and that of the servers themselves is not', () => {
  const limitsOf = (jwt: string) => claimsOf(jwt).nats.limits as { conn: number };
  assert.equal(limitsOf(jobCredentials(keys, job).accountJwt).conn, 2112);
  const auth = Buffer.from(natsAuthSecret(keys, 'x').data['auth.conf'], 'base64').toString();
  const [, system = ''] = /resolver_preload: \{\s+\w+: (\S+)/.exec(auth) ?? [];
  assert.equal(limitsOf(system).conn, -1);
});

// Would catch servers that could sign, and so let in whom they like.
test('the Secret of the servers holds no key that signs', () => {
  const { data } = natsAuthSecret(keys, 'lockstep-system');
  const text = Object.values(data)
    .map((part) => Buffer.from(part, 'base64').toString())
    .join('');
  const seeds = [keys.operator, keys.system, keys.controller, keys.account('5c1f')].map(
    (key) => key.seed,
  );
  for (const seed of seeds) assert.ok(!text.includes(seed));
  assert.ok(text.includes(keys.system.publicKey));
});

// Would catch a master key cut short by a copy, of which every secret would still be made.
test('a master key of another length is refused', () => {
  for (const length of [0, 31, 33]) {
    assert.throws(() => deriveKeys(new Uint8Array(length)), /must have 32 bytes: it has/);
  }
});
