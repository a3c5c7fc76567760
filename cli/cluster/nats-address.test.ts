import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../usage-error.js';
import { natsAddress, natsAddressIfAny } from './nats-address.js';

// Would catch an option that is overruled by the environment, and a command that connects to nowhere.
test('the option comes first, then the environment, and without both there is an error', () => {
  const environment = { LOCKSTEP_NATS_URL: 'nats://user:geheim@b:4222' };
  assert.equal(natsAddress('nats://a:4222', environment), 'nats://a:4222');
  assert.equal(natsAddress(null, environment), 'nats://user:geheim@b:4222');
  assert.throws(() => natsAddress(null, {}), /LOCKSTEP_NATS_URL/);
  assert.equal(natsAddressIfAny(null, environment), 'nats://user:geheim@b:4222');
  assert.equal(natsAddressIfAny(null, { LOCKSTEP_NATS_URL: '' }), null);
});

// Would catch a secret that stands in the process list.
test('a secret on the command line is refused, and not repeated', () => {
  for (const read of [natsAddress, natsAddressIfAny]) {
    assert.throws(
      () => read('nats://user:geheim@a:4222', {}),
      (error: Error) => error instanceof UsageError && !error.message.includes('geheim'),
    );
  }
});
