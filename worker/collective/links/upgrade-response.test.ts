import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readUpgrade } from './upgrade-response.js';

// Key and answer of RFC 6455, section 1.3.
const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const accepted =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';

// Would catch the first frames lost, because they came in the same packet as the headers.
test('bytes behind the headers belong to the WebSocket', () => {
  const answer = readUpgrade(Buffer.from(`${accepted}\x82\x01x`, 'latin1'), key, false);
  assert.deepEqual(answer, { kind: 'open', rest: Buffer.from('\x82\x01x', 'latin1') });
});

test('an answer that is not complete is waited for, unless the connection has ended', () => {
  for (let length = 0; length < accepted.length; length++) {
    const part = Buffer.from(accepted.slice(0, length));
    assert.equal(readUpgrade(part, key, false).kind, 'incomplete');
    assert.deepEqual(readUpgrade(part, key, true), {
      kind: 'refused',
      status: 0,
      reason: 'it answered with no HTTP',
    });
  }
});

test('a refusal gives its status and its reason once the connection has ended', () => {
  const refusal = Buffer.from('HTTP/1.1 409 Refused\r\nContent-Length: 4\r\n\r\nover');
  assert.equal(readUpgrade(refusal, key, false).kind, 'incomplete');
  assert.deepEqual(readUpgrade(refusal, key, true), {
    kind: 'refused',
    status: 409,
    reason: 'over',
  });
});

// Would catch a server that answers somebody else's handshake, or that would compress.
test('another key or an extension is refused', () => {
  assert.equal(readUpgrade(Buffer.from(accepted), 'b3RoZXI=', false).kind, 'refused');
  const extended = accepted.replace('\r\n\r\n', '\r\nSec-WebSocket-Extensions: x\r\n\r\n');
  assert.equal(readUpgrade(Buffer.from(extended), key, false).kind, 'refused');
});

// Would catch memory that grows with whatever a stranger at that address sends.
test('an endless answer is refused', () => {
  assert.equal(readUpgrade(Buffer.alloc(5000, 'x'), key, false).kind, 'refused');
});
