import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNatsCreds, readNatsCreds } from './nats-creds.js';

const seed = `SU${'A'.repeat(56)}`;

function credsOf(claims: unknown, dashes = '------'): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `-----BEGIN NATS USER JWT-----
${part({ typ: 'JWT' })}.${part(claims)}.c2ln
${dashes}END NATS USER JWT${dashes}

************************* IMPORTANT *************************

-----BEGIN USER NKEY SEED-----
${seed}
${dashes}END USER NKEY SEED${dashes}
`;
}

// Would catch a user whose answers arrive where it may not listen, and so who never gets one.
test('a user of a .creds file has its name and its inbox from its token', () => {
  const limited = {
    name: 'worker',
    nats: { sub: { allow: ['lockstep.j.*.coordinator', '_INBOX_w.>'] } },
  };
  const text = credsOf(limited);
  assert.ok(isNatsCreds(text));
  const read = readNatsCreds(text);
  assert.equal(read?.user, 'worker');
  assert.equal(read?.inbox, '_INBOX_w');
  assert.equal(read?.seed, seed);
  assert.equal(read?.jwt.split('.').length, 3);
  assert.equal(readNatsCreds(credsOf({ name: 'me', nats: {} }))?.inbox, '_INBOX_me');
  assert.equal(
    readNatsCreds(credsOf({ name: 'me', nats: { sub: { allow: ['x.>'] } } }))?.inbox,
    '_INBOX_me',
  );
  assert.equal(readNatsCreds(credsOf({ name: 'a@b.c', nats: {} }, '-----'))?.inbox, '_INBOX');
});

// Would catch a file that is half a secret and is taken for a token, or an exception out of its depths.
test('what is no whole .creds file is none', () => {
  const whole = credsOf({ name: 'worker', nats: {} });
  const broken = [
    '',
    whole.replace(seed, 'SUSHORT'),
    whole.replace(seed, `SA${'A'.repeat(56)}`),
    whole.slice(0, whole.indexOf('-----BEGIN USER')),
    whole.replace(/\.[^.]*\.c2ln/, '.c2ln'),
    whole.replace(/\.[^.]*\.c2ln/, '.!!!.c2ln'),
    credsOf(null),
    credsOf([]),
    credsOf({ nats: {} }),
    credsOf({ name: 7 }),
    credsOf({ name: 'x', nats: { sub: { allow: 'all' } } }),
  ];
  for (const text of broken) assert.equal(readNatsCreds(text), null, text);
});
