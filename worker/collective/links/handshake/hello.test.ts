import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Generation, Rank } from '../../../../shared/ids.js';
import {
  type Expected,
  type Hello,
  helloHeaders,
  judgeHello,
  readHello,
  type SignedHello,
} from './hello.js';

type LinksHello = Extract<Hello, { purpose: 'links' }>;

const hello: LinksHello = {
  purpose: 'links',
  generation: 5 as Generation,
  from: 1 as Rank,
  to: 0 as Rank,
};
const signed: SignedHello = { hello, nonce: 'n'.repeat(43), proof: 'p'.repeat(43) };
const expected: Expected = { generation: 5 as Generation, rank: 0 as Rank, members: 3 };

test('a hello is read as it was written', () => {
  assert.deepEqual(readHello('/links', helloHeaders(signed)), signed);
  const copier: SignedHello = { ...signed, hello: { purpose: 'state' } };
  assert.deepEqual(readHello('/state', helloHeaders(copier)), copier);
});

for (const change of [
  { 'x-lockstep-from': '-1' },
  { 'x-lockstep-to': '1e3' },
  { 'x-lockstep-generation': '' },
  { 'x-lockstep-generation': '99999999999' },
  { 'x-lockstep-proof': undefined },
  { 'x-lockstep-nonce': `${'n'.repeat(42)}\n` },
  { 'x-lockstep-nonce': 'n'.repeat(44) },
]) {
  test(`a hello with ${JSON.stringify(change)} is no hello`, () => {
    assert.equal(readHello('/links', { ...helloHeaders(signed), ...change }), null);
  });
}

test('a hello elsewhere is no hello', () => {
  for (const path of ['/other', '/', undefined]) {
    assert.equal(readHello(path, helloHeaders(signed)), null);
  }
});

for (const [what, change, verdict] of [
  ['a peer', {}, 'welcome'],
  ['an older generation', { generation: 4 }, 'refused'],
  ['a newer generation', { generation: 6 }, 'later'],
  ['another rank', { to: 2 }, 'refused'],
  ['the own rank', { from: 0 }, 'refused'],
  ['a rank outside the membership', { from: 3 }, 'refused'],
] as const) {
  // Would catch a verdict that lets a stranger in, or sends a peer away that is only early.
  test(`${what}: ${verdict}`, () => {
    const open = new Map([[expected.generation, expected]]);
    const said = { ...hello, ...change } as LinksHello;
    assert.equal(judgeHello(said, open, expected.generation).kind, verdict);
  });
}

test('before a generation has been formed everybody is asked to come later', () => {
  assert.equal(judgeHello(hello, new Map(), null).kind, 'later');
});

// Would catch a member of a dropped generation who waits for it until its deadline.
test('a generation that was dropped is over, though no newer one is open', () => {
  assert.equal(judgeHello(hello, new Map(), 5 as Generation).kind, 'refused');
});
