import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, readAnswer, readChallenge, readUpgrade } from './answer.js';

// Key and answer of RFC 6455, section 1.3.
const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const proof = 'p'.repeat(43);
const nonce = 'n'.repeat(43);
const accepted =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  `Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nX-Lockstep-Proof: ${proof}\r\n\r\n`;
const challenge = `HTTP/1.1 401 Unauthorized\r\nx-lockstep-nonce: ${nonce}\r\ncontent-length: 0\r\n\r\n`;

const whole = (text: string): Answer => readAnswer(Buffer.from(text, 'latin1'), true) as Answer;

// Would catch the first frames lost, because they came in the same packet as the headers.
test('bytes behind the headers of an upgrade belong to the WebSocket', () => {
  const answer = readAnswer(Buffer.from(`${accepted}\x82\x01x`, 'latin1'), false) as Answer;
  assert.deepEqual(readUpgrade(answer, key, proof), {
    kind: 'open',
    rest: Buffer.from('\x82\x01x', 'latin1'),
  });
});

test('an answer that is not complete is waited for, unless the connection has ended', () => {
  for (const text of [accepted, challenge]) {
    for (let length = 0; length < text.length; length++) {
      const part = Buffer.from(text.slice(0, length));
      assert.equal(readAnswer(part, false), null);
      assert.equal(readAnswer(part, true)?.status, 0);
    }
  }
  assert.deepEqual(readChallenge(whole('')), {
    kind: 'later',
    reason: 'it answered with no HTTP',
  });
});

test('a challenge is its nonce', () => {
  const answer = readAnswer(Buffer.from(challenge), false) as Answer;
  assert.deepEqual(readChallenge(answer), { kind: 'challenge', nonce });
  assert.equal(readChallenge(whole(challenge.replace(nonce, 'short'))).kind, 'refused');
});

test('a refusal gives its reason once that is there, and tells whether to come again', () => {
  for (const [status, kind] of [
    [409, 'refused'],
    [401, 'refused'],
    [503, 'later'],
  ] as const) {
    const refusal = `HTTP/1.1 ${status} Refused\r\nContent-Length: 4\r\n\r\nover`;
    assert.equal(readAnswer(Buffer.from(refusal.slice(0, -1)), false), null);
    const answer = readAnswer(Buffer.from(refusal), false) as Answer;
    assert.deepEqual(readUpgrade(answer, key, proof), { kind, reason: 'over' });
    assert.deepEqual(readChallenge(answer), { kind, reason: 'over' });
  }
});

// Would catch a server that answers somebody else's handshake, that would compress, or that has never
// heard of the secret: whoever takes an address over would feed this member its sums.
test('another key, an extension or a wrong proof is refused', () => {
  const { kind, reason } = readUpgrade(whole(accepted), key, 'x'.repeat(43)) as {
    kind: string;
    reason: string;
  };
  assert.deepEqual([kind, reason], ['refused', 'it did not show that it knows the secret']);
  assert.equal(readUpgrade(whole(accepted), 'b3RoZXI=', proof).kind, 'refused');
  const extended = accepted.replace('\r\n\r\n', '\r\nSec-WebSocket-Extensions: x\r\n\r\n');
  assert.equal(readUpgrade(whole(extended), key, proof).kind, 'refused');
  const silent = accepted.replace(/X-Lockstep.*\r\n/, '');
  assert.equal(readUpgrade(whole(silent), key, proof).kind, 'refused');
});

// Would catch memory that grows with whatever a stranger at that address sends.
test('an endless answer is refused', () => {
  assert.equal(readAnswer(Buffer.alloc(5000, 'x'), false)?.status, 0);
  assert.equal(
    readAnswer(Buffer.from(`HTTP/1.1 401 A\r\n\r\n${'x'.repeat(5000)}`), false)?.status,
    401,
  );
});
