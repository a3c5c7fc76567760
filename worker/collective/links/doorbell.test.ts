import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { Doorbell } from './doorbell.js';

// Would catch a ring that is lost, or that is answered again and again.
test('a bell is answered once for all that has rung, at the other end too', () => {
  const here = new Doorbell();
  const there = new Doorbell(here.memory);
  const { port1, port2 } = new MessageChannel();
  assert.equal(there.answer(), false);
  for (const text of ['first', 'second']) {
    port1.postMessage(text);
    here.ring();
  }
  assert.equal(there.answer(), true);
  assert.equal(there.answer(), false);
  const messages = [1, 2, 3].map(() => receiveMessageOnPort(port2)?.message as unknown);
  assert.deepEqual(messages, ['first', 'second', undefined]);
  port1.close();
});
