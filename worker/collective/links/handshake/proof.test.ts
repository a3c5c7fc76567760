import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import type { Generation, Rank } from '../../../../shared/ids.js';
import { type Handshake, isProof, proofOf } from './proof.js';

const secret = Buffer.from('sixteen bytes or more');
const handshake: Handshake = {
  hello: { purpose: 'links', generation: 7 as Generation, from: 1 as Rank, to: 2 as Rank },
  serverNonce: 's'.repeat(43),
  diallerNonce: 'd'.repeat(43),
  channel: 'c'.repeat(43),
};

test('a proof is the HMAC of what was said, a line each', () => {
  const lines = ['lockstep links 1', 'dialler', 'links', 7, 1, 2, 's'.repeat(43), 'd'.repeat(43)];
  const text = [...lines, 'c'.repeat(43)].join('\n');
  const expected = createHmac('sha256', secret).update(text).digest('base64url');
  assert.equal(proofOf('dialler', secret, handshake), expected);
});

// Would catch a proof that can be used again: by the other side, on another connection or channel, for
// another generation, between other ranks, or for copying the state.
test('everything that was said changes the proof, and so does the side and the secret', () => {
  const { hello } = handshake;
  const changes: Partial<Handshake>[] = [
    {},
    { hello: { ...hello, generation: 8 } as Handshake['hello'] },
    { hello: { ...hello, from: 0 } as Handshake['hello'] },
    { hello: { ...hello, to: 0 } as Handshake['hello'] },
    { hello: { purpose: 'state' } },
    { serverNonce: 'x'.repeat(43) },
    { diallerNonce: 'x'.repeat(43) },
    { channel: '' },
  ];
  const proofs = changes.map((change) => proofOf('dialler', secret, { ...handshake, ...change }));
  const server = proofOf('server', secret, handshake);
  const guessed = proofOf('dialler', Buffer.from('another secret'), handshake);
  const all = [...proofs, server, guessed];
  assert.equal(new Set(all).size, all.length);
  const [own, ...others] = all as [string, ...string[]];
  assert.ok(isProof(own, own));
  for (const other of others) assert.ok(!isProof(other, own));
  for (const malformed of [undefined, '', own.slice(1), `${own}=`]) {
    assert.ok(!isProof(malformed, own));
  }
});
