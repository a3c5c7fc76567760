import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { busPatience } from '../../shared/limits.js';
import { OptionError } from '../options.js';
import { type NatsEnvironment, ownServerEnvironment, readNatsOptions } from './nats-options.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-nats-options-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

// Would catch a secret that has to stand on a command line, and a cluster whose copies are one.
test('the environment and its files say where nats-server is, who asks and what is trusted', () => {
  assert.deepEqual(readNatsOptions({ LOCKSTEP_NATS_URL: 'nats://one' }), {
    address: { servers: ['one:4222'], tls: null, credentials: { kind: 'none' } },
    replicas: 1,
    patience: busPatience,
  });
  const [ca, cert, key] = [file('ca', 'x'), file('cert', 'x'), file('key', 'x')];
  const { address, replicas } = readNatsOptions({
    LOCKSTEP_NATS_URL: 'tls://one,tls://two,tls://three',
    LOCKSTEP_NATS_CREDENTIALS_FILE: file('user', 'worker:pass:word\n'),
    LOCKSTEP_NATS_CA_FILE: ca,
    LOCKSTEP_NATS_CERT_FILE: cert,
    LOCKSTEP_NATS_KEY_FILE: key,
    LOCKSTEP_NATS_REPLICAS: '3',
  });
  assert.deepEqual(address, {
    servers: ['one:4222', 'two:4222', 'three:4222'],
    tls: { caFile: ca, certFile: cert, keyFile: key },
    credentials: { kind: 'password', user: 'worker', password: 'pass:word' },
  });
  assert.equal(replicas, 3);
  const token = { LOCKSTEP_NATS_CREDENTIALS_FILE: file('token', 'abc') };
  assert.deepEqual(readNatsOptions(token, 'nats://one').address.credentials, {
    kind: 'token',
    token: 'abc',
  });
});

// Would catch a .creds file that is taken for a token, and one that is half there.
test('the file may be a .creds file as the tools of NATS write it', () => {
  const claims = Buffer.from(JSON.stringify({ name: 'worker', nats: {} })).toString('base64url');
  const jwt = `e30.${claims}.c2ln`;
  const seed = `SU${'A'.repeat(56)}`;
  const text = `-----BEGIN NATS USER JWT-----\n${jwt}\n------END NATS USER JWT------\n
-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`;
  const given = { LOCKSTEP_NATS_CREDENTIALS_FILE: file('user.creds', text) };
  assert.deepEqual(readNatsOptions(given, 'nats://one').address.credentials, {
    kind: 'jwt',
    jwt,
    seed,
    user: 'worker',
    inbox: '_INBOX_worker',
    expires: null,
  });
  const half = { LOCKSTEP_NATS_CREDENTIALS_FILE: file('half.creds', text.replace(seed, 's3cret')) };
  assert.throws(
    () => readNatsOptions(half, 'nats://one'),
    (error: unknown) =>
      error instanceof OptionError &&
      /must hold a user's JWT and its seed.*half\.creds/.test(error.message) &&
      !error.message.includes('s3cret'),
  );
});

// Would catch a local run that fails because the user's environment speaks of another server.
test('what is set about another server does not count for one of our own', () => {
  const ofUser = { LOCKSTEP_NATS_CA_FILE: '/none', LOCKSTEP_NATS_CREDENTIALS_FILE: '/none' };
  const given = { ...ofUser, ...ownServerEnvironment('nats://worker:w@127.0.0.1:1') };
  assert.deepEqual(readNatsOptions(given).address, {
    servers: ['127.0.0.1:1'],
    tls: null,
    credentials: { kind: 'password', user: 'worker', password: 'w' },
  });
});

// Would catch a connection in the clear that was meant to be encrypted, and a secret in an error.
test('what cannot be used is refused with the variable, the value and the rule, and no secret', () => {
  const secret = file('two-lines', 'user:s3cret\nmore');
  const refusals: [NatsEnvironment, RegExp][] = [
    [{}, /LOCKSTEP_NATS_URL is missing/],
    [{ LOCKSTEP_NATS_URL: 'http://user:s3cret@x' }, /LOCKSTEP_NATS_URL: .*"http:\/\/x"/],
    [
      { LOCKSTEP_NATS_URL: 'nats://x', LOCKSTEP_NATS_CREDENTIALS_FILE: secret },
      /LOCKSTEP_NATS_CREDENTIALS_FILE: .*one line user:password, or a token.*two-lines/,
    ],
    [
      { LOCKSTEP_NATS_URL: 'nats://s3cret@x', LOCKSTEP_NATS_CREDENTIALS_FILE: secret },
      /must hold no secret where a file does/,
    ],
    [
      { LOCKSTEP_NATS_URL: 'nats://x', LOCKSTEP_NATS_CREDENTIALS_FILE: '/none' },
      /LOCKSTEP_NATS_CREDENTIALS_FILE: .*can be read: current value is "\/none"/,
    ],
    [
      { LOCKSTEP_NATS_URL: 'nats://x', LOCKSTEP_NATS_CA_FILE: secret },
      /LOCKSTEP_NATS_CA_FILE: .*tls:\/\//,
    ],
    [
      { LOCKSTEP_NATS_URL: 'tls://x', LOCKSTEP_NATS_CERT_FILE: secret },
      /LOCKSTEP_NATS_CERT_FILE: .*set together/,
    ],
    [
      { LOCKSTEP_NATS_URL: 'nats://x', LOCKSTEP_NATS_REPLICAS: '2' },
      /LOCKSTEP_NATS_REPLICAS: it must be 1, 3 or 5: current value is "2"/,
    ],
    [
      { LOCKSTEP_NATS_URL: 'nats://x', LOCKSTEP_NATS_WAIT: '2m' },
      /LOCKSTEP_NATS_WAIT: it must be seconds, an integer in \[0, 86400\]: current value is "2m"/,
    ],
  ];
  for (const [environment, rule] of refusals) {
    assert.throws(
      () => readNatsOptions(environment),
      (error: unknown) =>
        error instanceof OptionError &&
        rule.test(error.message) &&
        !error.message.includes('s3cret'),
    );
  }
});
