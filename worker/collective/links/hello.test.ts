import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Generation, Rank } from '../../../shared/ids.js';
import { type Expected, type Hello, helloHeaders, judgeHello, readHello } from './hello.js';

const hello: Hello = { generation: 5 as Generation, rank: 1 as Rank, token: 'secret' };
const expected: Expected = {
  generation: 5 as Generation,
  rank: 0 as Rank,
  members: 3,
  token: 'secret',
};

test('a hello is read as it was written', () => {
  assert.deepEqual(readHello(helloHeaders(hello)), hello);
});

for (const change of [
  { 'x-lockstep-rank': '-1' },
  { 'x-lockstep-rank': '1e3' },
  { 'x-lockstep-generation': '' },
  { 'x-lockstep-generation': '99999999999' },
  { 'x-lockstep-token': undefined },
]) {
  test(`a hello with ${JSON.stringify(change)} is no hello`, () => {
    assert.equal(readHello({ ...helloHeaders(hello), ...change }), null);
  });
}

for (const [what, change, verdict] of [
  ['a peer', {}, 'welcome'],
  ['another token', { token: 'guess' }, 'refused'],
  ['an empty token', { token: '' }, 'refused'],
  ['an older generation', { generation: 4 }, 'refused'],
  ['a newer generation', { generation: 6 }, 'later'],
  ['the own rank', { rank: 0 }, 'refused'],
  ['a rank outside the membership', { rank: 3 }, 'refused'],
] as const) {
  // Would catch a verdict that lets a stranger in, or sends a peer away that is only early.
  test(`${what}: ${verdict}`, () => {
    const open = new Map([[expected.generation, expected]]);
    const said = { ...hello, ...change } as Hello;
    assert.equal(judgeHello(said, open, expected.generation).kind, verdict);
  });
}

test('before a generation has been formed everybody is asked to come later', () => {
  assert.equal(judgeHello(hello, new Map(), null).kind, 'later');
  assert.equal(judgeHello(null, new Map(), null).kind, 'refused');
});
