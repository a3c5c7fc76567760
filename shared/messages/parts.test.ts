import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MalformedMessageError } from './guard.js';
import { PartJoiner, splitMessage } from './parts.js';

const header = 48;
const messages = fc.uint8Array({ maxLength: 200 });
const partSizes = fc.integer({ min: header + 1, max: header + 80 });

/** Joins all parts; null where some were missing or refused. */
function join(parts: readonly Uint8Array[]): Uint8Array | null {
  const joiner = new PartJoiner();
  let message: Uint8Array | null = null;
  for (const part of parts) {
    try {
      message = joiner.add('key', part)?.bytes ?? message;
    } catch (error) {
      assert.ok(error instanceof MalformedMessageError, String(error));
    }
  }
  return message;
}

// Would catch a part above the server's limit, a lost last part, and parts joined as they come.
test('a message comes back from its parts in any order, none of them too long', () => {
  const orders = fc.array(fc.nat(), { minLength: 200, maxLength: 200 });
  fc.assert(
    fc.property(messages, partSizes, orders, (message, size, order) => {
      const parts = splitMessage(message, size);
      assert.ok(parts.every((part) => part.byteLength <= size));
      const shuffled = parts
        .map((part, index) => ({ part, key: order[index] as number }))
        .sort((a, b) => a.key - b.key)
        .map(({ part }) => part);
      assert.deepEqual(join(shuffled), message);
      assert.deepEqual(join([...shuffled.slice(0, -1), ...shuffled]), message);
    }),
  );
});

// Would catch any byte that no check covers: a changed one must never lead to another message.
test('one changed byte in any part is refused', () => {
  const changes = fc.integer({ min: 1, max: 255 });
  fc.assert(
    fc.property(
      messages,
      partSizes,
      fc.nat(),
      fc.nat(),
      changes,
      (message, size, which, at, by) => {
        const parts = splitMessage(message, size);
        const part = parts[which % parts.length] as Uint8Array;
        const index = at % part.byteLength;
        part[index] = (part[index] as number) ^ by;
        assert.equal(join(parts), null);
      },
    ),
    { numRuns: 500 },
  );
});

// Would catch a truncation that is taken for a shorter message.
test('a truncated part is refused', () => {
  fc.assert(
    fc.property(messages, partSizes, fc.nat(), fc.nat(), (message, size, which, length) => {
      const parts = splitMessage(message, size);
      const index = which % parts.length;
      const part = parts[index] as Uint8Array;
      parts[index] = part.subarray(0, length % part.byteLength);
      assert.equal(join(parts), null);
    }),
  );
});

// Would catch a stranger's part that throws away what was collected.
test('a part of another message is refused and the collected ones stay', () => {
  const [first, second] = splitMessage(Uint8Array.of(1, 2, 3, 4), header + 2);
  const [stranger] = splitMessage(Uint8Array.of(9, 9, 9, 9), header + 2);
  const joiner = new PartJoiner();
  assert.equal(joiner.add('key', first as Uint8Array), null);
  assert.throws(() => joiner.add('key', stranger as Uint8Array), MalformedMessageError);
  assert.deepEqual(joiner.add('key', second as Uint8Array)?.bytes, Uint8Array.of(1, 2, 3, 4));
  assert.equal(joiner.unfinished, 0);
});

// Would catch memory that grows with every message that is never finished.
test('the number of unfinished messages is bounded, and those that are over can be forgotten', () => {
  const [first] = splitMessage(new Uint8Array(10), header + 5);
  const joiner = new PartJoiner();
  for (let key = 0; key < 4096; key++) joiner.add(String(key), first as Uint8Array);
  assert.throws(() => joiner.add('one more', first as Uint8Array), /4096 messages are unfinished/);
  joiner.forget((key) => Number(key) < 4000);
  assert.equal(joiner.unfinished, 96);
  assert.equal(joiner.add('one more', first as Uint8Array), null);
});
