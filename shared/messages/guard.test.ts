import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { packValue, unpackValue } from './codec.js';
import { checkMsgpack, MalformedMessageError } from './guard.js';

const depth = 16;

// Would catch a type byte whose size is wrong: the walk would lose its place.
test('everything that is packed is accepted and comes back', () => {
  const keys = fc.stringMatching(/^[a-z]{1,40}$/);
  const values = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.string({ maxLength: 300 }),
      fc.maxSafeInteger(),
      // MessagePack has one zero.
      fc.double({ noNaN: true }).map((value) => (value === 0 ? 0 : value)),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 20 }),
      fc.dictionary(keys, tie('value'), { maxKeys: 20, noNullPrototype: true }),
    ),
  })).value;
  fc.assert(
    fc.property(values, (value) => {
      assert.deepEqual(unpackValue(packValue(value), depth), value);
    }),
  );
});

// Would catch an exception of another class, a hang, and an allocation of what a length claims.
test('any bytes are either decoded or refused as malformed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        unpackValue(bytes, depth);
      } catch (error) {
        assert.ok(error instanceof MalformedMessageError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

const refuses = (name: string, bytes: readonly number[], message: RegExp): void => {
  // Would catch the one structure that is named, in case the random bytes above never hit it.
  test(`refuses ${name}`, () => {
    assert.throws(() => checkMsgpack(Uint8Array.from(bytes), depth), message);
  });
};

refuses('an array that claims four billion values', [0xdd, 0xff, 0xff, 0xff, 0xff], /past its end/);
refuses('a map that claims more than there is', [0xdf, 0x7f, 0xff, 0xff, 0xff], /past its end/);
refuses('a text longer than the message', [0xdb, 0xff, 0xff, 0xff, 0xff], /past its end/);
refuses('an extension, which could name code', [0xd4, 0x01, 0x00], /type byte 0xd4/);
refuses('an undefined type byte', [0xc1], /type byte 0xc1/);
refuses('a second value', [0x01, 0x02], /1 bytes follow/);
refuses('nothing at all', [], /ends before/);
refuses('a cut length', [0xdc, 0x00], /inside a length/);
refuses('deep nesting', [...new Array<number>(200).fill(0x91), 0x01], /deeper than 16/);
