import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PhasesLine } from './api.js';
import { bytesPerSecond, meshOf, percent } from './mesh.js';

const time = '2026-01-02T03:04:05.678Z';

interface Told {
  readonly sent?: readonly number[];
  readonly coming?: readonly number[];
  readonly lacks?: readonly number[];
}

/** A line of members with links to all others; what is left out is 1000 B in 0.01 s, and nothing lacked. */
function line(generation: number, members: readonly (Told | null)[]): PhasesLine {
  const linksOf = (told: Told, rank: number) => {
    const ranks = members.map((_, peer) => peer).filter((peer) => peer !== rank);
    const sent = told.sent ?? ranks.map(() => 1000);
    return {
      seconds: 10,
      sent_bytes: sent.reduce((sum, bytes) => sum + bytes, 0),
      received_bytes: 4000,
      peers: {
        ...{ ranks, sent_bytes: [...sent] },
        receive_seconds: [...(told.coming ?? ranks.map(() => 0.01))],
        wait_seconds: [...(told.lacks ?? ranks.map(() => 0))],
      },
    };
  };
  return {
    ...{ kind: 'phases', time, committed_steps: 10, generation, steps: 2 },
    members: members.map((told, rank) => ({
      ...{ worker: `worker-${rank}`, lanes: 2, phase_seconds: {}, wait_seconds: 0 },
      ...(told !== null && { host: `host-${rank}`, links: linksOf(told, rank) }),
    })),
  };
}

// Would catch rows and columns that are exchanged: who sends must stand for what it has sent.
test('each direction of a link is what its sender sent and what its receiver lacked', () => {
  const mesh = meshOf([
    line(1, [
      { sent: [5000], coming: [0] },
      { sent: [20], lacks: [2.5] },
    ]),
  ]);
  const [there, back] = [
    { flow: 500, rate: 500_000, rateAtLeast: 500_000, busy: 0.001, lacked: 0.25 },
    { flow: 2, rate: null, rateAtLeast: 4000, busy: 0, lacked: 0 },
  ];
  assert.deepEqual(mesh?.links, [
    [null, { from: 'worker-0', to: 'worker-1', ...there }],
    [{ from: 'worker-1', to: 'worker-0', ...back }, null],
  ]);
  assert.deepEqual(mesh?.members[1], {
    ...{ worker: 'worker-1', host: 'host-1', sent: 2, received: 400 },
    lacked: { peer: 'worker-0', share: 0.25 },
  });
});

// Would catch a mesh of members that are gone, and one that disappears between two tellings.
test('the mesh is of the newest generation, and stays until the next telling', () => {
  const [older, silent] = [line(1, [{}, {}]), line(1, [null, null])];
  assert.equal(meshOf([older, silent])?.members.length, 2);
  assert.equal(meshOf([older, line(2, [null])]), null);
  assert.equal(meshOf([]), null);
});

// Would catch a slow network that nobody is told of, and a slow worker that is taken for one.
test('a link is called slow where it sends slowly and is waited for', () => {
  const slow = line(1, [{}, {}, { coming: [0.01, 2], lacks: [0, 6] }]);
  const told = meshOf([slow])?.verdict;
  assert.equal(told?.isSlow, true);
  assert.match(
    told?.text ?? '',
    /^what worker-1 sends to worker-2 comes at 500 B\/s, over the middle link at 100 kB\/s or more: worker-2 lacks something of it 60 %/,
  );
  // Two of six links, and over all others everything comes at once.
  const atOnce = line(1, [
    { coming: [4, 0], lacks: [4, 0] },
    { coming: [0, 0] },
    { coming: [0, 4], lacks: [0, 4] },
  ]);
  assert.match(
    meshOf([atOnce])?.verdict.text ?? '',
    /^what worker-1 sends to worker-0 comes at 250 B/,
  );
  const little = line(1, [{}, {}, { coming: [0.01, 0.2], lacks: [0, 6] }]);
  assert.equal(meshOf([little])?.verdict.isSlow, false);
  const worker = line(1, [{}, { lacks: [8, 0] }, { lacks: [8, 0] }]);
  assert.equal(meshOf([worker])?.verdict.isSlow, false);
});

// Would catch a matrix with holes where members name only their slowest peers.
test('where not all pairs are told there are sums, and who is lacked by most', () => {
  const named = (rank: number, peer: number, waits: number): PhasesLine['members'][number] => ({
    ...{ worker: `worker-${rank}`, lanes: 2, phase_seconds: {}, wait_seconds: 0 },
    links: {
      ...{ seconds: 10, sent_bytes: 100, received_bytes: 200 },
      peers: { ranks: [peer], sent_bytes: [1], receive_seconds: [0], wait_seconds: [waits] },
    },
  });
  const many = { ...line(1, []), members: [named(0, 2, 5), named(1, 2, 5), named(2, 0, 0.1)] };
  const mesh = meshOf([many]);
  assert.equal(mesh?.links, null);
  assert.equal(mesh?.verdict.text, 'worker-2 is lacked longest by 2 of the others');
});

test('rates are in units of networks', () => {
  const rates = [0, 999, 12_340, 456_700_000, 2e9, null].map(bytesPerSecond);
  assert.deepEqual(rates, ['0 B/s', '999 B/s', '12.3 kB/s', '457 MB/s', '2.0 GB/s', '–']);
  assert.deepEqual([0, 0.004, 0.5].map(percent), ['0 %', '<1 %', '50 %']);
});
