import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { requestHeadBytes } from '../../shared/limits.js';
import { readRequestHead } from './request-head.js';

const head =
  'GET /metrics?name[]=x HTTP/1.1\r\nHost: h\r\nauthorization:  Bearer a \r\nAccept: */*\r\n\r\n';

// Would catch an answer to half a request, and a query that makes a known path unknown.
test('a head is read once it is whole, byte by byte, without its query', () => {
  for (let length = 0; length < head.length; length++) {
    assert.equal(readRequestHead(Buffer.from(head.slice(0, length))).kind, 'incomplete');
  }
  const whole = {
    ...{ kind: 'request', method: 'GET', path: '/metrics' },
    authorization: 'Bearer a',
  };
  assert.deepEqual(readRequestHead(Buffer.from(head)), whole);
  assert.deepEqual(readRequestHead(Buffer.from(`${head}${head}`)), whole);
});

// Would catch a client that shows two of them, of which a proxy has checked the other one.
test('what a client shows of itself counts where it shows it once', () => {
  const shown = (...lines: string[]) => {
    const read = readRequestHead(
      Buffer.from(`${['GET / HTTP/1.1', ...lines].join('\r\n')}\r\n\r\n`),
    );
    return read.kind === 'request' ? read.authorization : read.kind;
  };
  assert.equal(shown(), null);
  assert.equal(shown('X-Authorization: Bearer a', 'Host: authorization: b'), null);
  assert.equal(shown('AUTHORIZATION:Bearer a'), 'Bearer a');
  assert.equal(shown('Authorization: Bearer a', 'Authorization: Bearer b'), null);
});

// Would catch memory that grows with whatever a stranger sends.
test('a head without an end is refused, wherever its line ends', () => {
  const long = 'x'.repeat(requestHeadBytes);
  for (const text of [
    `GET /${long}`,
    `GET / HTTP/1.1\r\nA: ${long}`,
    `${head.trim()}${long}\r\n\r\n`,
  ]) {
    assert.deepEqual(readRequestHead(Buffer.from(text)), { kind: 'refused', status: 431 });
  }
});

// Would catch a TLS greeting, a WebSocket frame or a typing error that is taken for a request.
test('what is no HTTP/1 request is refused, and nothing throws', () => {
  for (const text of ['\x16\x03\x01\r\n', 'GET\r\n', 'get / HTTP/1.1\r\n', 'GET / HTTP/2\r\n']) {
    assert.deepEqual(readRequestHead(Buffer.from(text)), { kind: 'refused', status: 400 });
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      readRequestHead(Buffer.from(bytes));
    }),
  );
});
