import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { afterEach, beforeEach, mock, test } from 'node:test';
import {
  dismissedBytes,
  dismissTimeout,
  strangersMax,
  strangerTimeout,
} from '../../shared/limits.js';
import { dismiss, StrangerSockets } from './stranger-sockets.js';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
afterEach(() => mock.timers.reset());

/** A socket whose client sends what the test pushes, and hears what is in `heard`. */
function socketOf(): { socket: Duplex; heard: string[] } {
  const heard: string[] = [];
  const socket = new Duplex({
    allowHalfOpen: true,
    read: () => undefined,
    write: (chunk, _encoding, done) => {
      heard.push(String(chunk));
      done();
    },
  });
  return { socket, heard };
}

// Would catch places that idle strangers hold for ever, so that nobody else can connect.
test('a newcomer takes the place of the oldest stranger', () => {
  const strangers = new StrangerSockets();
  const sockets = Array.from({ length: strangersMax + 2 }, () => socketOf().socket);
  for (const socket of sockets) strangers.add(socket);
  assert.equal(strangers.size, strangersMax);
  assert.deepEqual(
    sockets.flatMap(({ destroyed }, index) => (destroyed ? [index] : [])),
    [0, 1],
  );
});

// Would catch a peer that is cut off because it was a stranger once, and a stranger that stays.
test('who is welcome keeps its socket, who is not loses it in time', () => {
  const strangers = new StrangerSockets();
  const [peer, stranger] = [socketOf().socket, socketOf().socket];
  strangers.add(peer);
  strangers.add(stranger);
  strangers.welcome(peer);
  mock.timers.tick(strangerTimeout);
  assert.deepEqual([peer.destroyed, stranger.destroyed, strangers.size], [false, true, 0]);
  strangers.dropAll();
  assert.equal(peer.destroyed, false);
});

// Would catch an uncaught error where a client resets its connection, and a place that stays taken.
test('a broken connection gives its place back and ends nothing', async () => {
  const strangers = new StrangerSockets();
  const { socket } = socketOf();
  strangers.add(socket);
  socket.destroy(new Error('ECONNRESET'));
  await new Promise((resolve) => socket.once('close', resolve));
  assert.equal(strangers.size, 0);
});

// Would catch a descriptor that is kept for ever, because one more byte came and nobody read it.
test('a dismissed socket is read to its end and closes with it', async () => {
  const { socket, heard } = socketOf();
  socket.push('one more byte');
  dismiss(socket, 'no');
  socket.push(null);
  await once(socket, 'close');
  assert.deepEqual(heard, ['no']);
});

// Would catch a client that keeps a descriptor by never closing its end, or by sending without end.
test('a dismissed socket is destroyed after a time, or after so many bytes', () => {
  const { socket: silent } = socketOf();
  dismiss(silent, 'no');
  mock.timers.tick(dismissTimeout);
  assert.equal(silent.destroyed, true);
  const { socket: loud } = socketOf();
  dismiss(loud, 'no');
  loud.emit('data', Buffer.alloc(dismissedBytes + 1));
  assert.equal(loud.destroyed, true);
});
