import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeUsers, encodeUsers, usersDigest } from './lane-users.js';

const users = fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { maxLength: 40 });

test('users come back from their text', () => {
  fc.assert(
    fc.property(users, (list) => {
      assert.deepEqual(decodeUsers(encodeUsers(Int32Array.from(list))), Int32Array.from(list));
    }),
  );
});

// Would catch a digest that nobody else can compute: `printf '\1\0\0\0\2\0\0\0' | sha256sum`.
test('the digest is the SHA-256 of the bytes in the text', () => {
  assert.equal(encodeUsers(Int32Array.of(1, 2)), 'AQAAAAIAAAA=');
  assert.equal(
    usersDigest(Int32Array.of(1, 2)),
    '34fb5c825de7ca4aea6e712f19d439c1da0c92c37b423936c5f618545ca4fa1f',
  );
});

// Would catch half a number that is dropped, a second spelling, and a user below the first.
test('a text that is no list of users is refused', () => {
  for (const text of ['AQAA', 'AQAAAAIAAAB=', 'AQAAAAIAAAA', '!QAAAA==', '/////w==', ' AQAAAA==']) {
    assert.equal(decodeUsers(text), null, text);
  }
});
