import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { digestFloats, digestOfFloats, floatsOfDigest } from './digest-floats.js';

// Would catch leading zeros that are dropped, and numbers that float32 rounds.
test('a digest comes back bit for bit from float32', () => {
  const digests = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(digests, (bytes) => {
      const digest = Buffer.from(bytes).toString('hex');
      const travelled = Float32Array.from(floatsOfDigest(digest));
      assert.equal(travelled.length, digestFloats);
      assert.equal(digestOfFloats(travelled), digest);
    }),
    { examples: [[new Uint8Array(32)], [new Uint8Array(32).fill(255)]] },
  );
});
