import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseNatsUrl, withoutSecret } from './nats-address.js';

// Would catch a cluster of which only one server is used, and a secret that is taken for a part of the host.
test('an address names its servers, its secret and whether it is encrypted', () => {
  assert.deepEqual(parseNatsUrl('nats://one'), {
    servers: ['one:4222'],
    tls: null,
    credentials: { kind: 'none' },
  });
  assert.deepEqual(parseNatsUrl('tls://us%40er:p%2Fw@one:1, tls://two:2,tls://[::1]:3'), {
    servers: ['one:1', 'two:2', '[::1]:3'],
    tls: { caFile: null, certFile: null, keyFile: null },
    credentials: { kind: 'password', user: 'us@er', password: 'p/w' },
  });
  assert.deepEqual(parseNatsUrl('nats://token@one').credentials, { kind: 'token', token: 'token' });
});

// Would catch a secret in a log, and a connection in the clear to one of several servers.
test('an address that cannot be used is refused with the rule and without its secret', () => {
  const refusals: [string, RegExp][] = [
    ['', /must be like nats:/],
    ['http://user:secret@one', /"http:\/\/one" as the address .* must be like nats:/],
    ['nats://', /must be like/],
    ['nats://one:99999', /must be like/],
    ['nats://user:100%@one', /must be written as %25/],
    ['nats://user:secret@one,tls://two', /"nats:\/\/one,tls:\/\/two".* all or none/],
    ['nats://a:secret@one,nats://b:secret@two', /the same secret/],
  ];
  for (const [text, rule] of refusals) {
    assert.throws(
      () => parseNatsUrl(text),
      (error: Error) => rule.test(error.message) && !error.message.includes('secret@'),
    );
  }
  assert.equal(withoutSecret('nats://a:b,@c/@d@host:1,tls://e@f'), 'nats://host:1,tls://f');
  assert.equal(withoutSecret('user:secret@host'), 'host');
});

// Would catch an error of another class, and a secret with a comma, a slash or an "@" that shows in an error.
test('any secret reads back where it is encoded, and shows nowhere where it is not', () => {
  const secrets = fc
    .string({ minLength: 1, unit: 'grapheme-ascii' })
    .map((text) => `s3cret${text}`);
  fc.assert(
    fc.property(secrets, (secret) => {
      const encoded = `nats://user:${encodeURIComponent(secret)}@one,nats://two`;
      assert.deepEqual(parseNatsUrl(encoded).credentials, {
        kind: 'password',
        user: 'user',
        password: secret,
      });
      const bare = `nats://user:${secret}@one`;
      assert.ok(!withoutSecret(bare).includes('s3cret'));
      try {
        parseNatsUrl(bare);
      } catch (error) {
        assert.ok(error instanceof RangeError && !error.message.includes('s3cret'));
      }
    }),
  );
});
