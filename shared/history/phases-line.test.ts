import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lanesMax, linkPairsMembers, linkPeersTold } from '../limits.js';
import { decodeLogEntry, encodeLogEntry } from '../messages/cluster/log-entry.js';
import type { PhasesTold } from '../messages/run-events.js';
import type { PeerTraffic } from '../messages/work-fields.js';
import { EventLines } from './event-lines.js';
import { type HistoryLineOf, historyLine } from './history-line.js';

const time = '2026-01-02T03:04:05.678Z';
const phases = ['plan', 'encode', 'gather', 'users', 'scatter', 'items', 'reduce', 'optimizer'];

const peer = (rank: number): PeerTraffic => ({
  ...{ rank, sentBytes: 1_234_567_890 + rank, receiveSeconds: 1.234, waitSeconds: 4.321 },
});

/** As long as lines get. */
function told(members: number): PhasesTold {
  const peers = Array.from({ length: members }, (_, rank) => rank);
  return {
    ...{ kind: 'phases', generation: 12, steps: 20 },
    members: peers.map((own) => ({
      ...{ worker: `worker-${own}`, lanes: 16, waitSeconds: 0.123456 },
      phaseSeconds: Object.fromEntries(phases.map((phase) => [phase, 1.123456])),
      work: { users: 4096, itemTokens: 1_000_000, flops: 1.2345678901234e16 },
      host: `node-${own}.gpu.example.internal`,
      links: {
        ...{ seconds: 10.002, sentBytes: 18_518_518_350, receivedBytes: 18_518_518_350 },
        peers: (members > linkPairsMembers
          ? peers.slice(0, linkPeersTold)
          : peers.filter((rank) => rank !== own)
        ).map(peer),
      },
    })),
  };
}

function lineOf(event: PhasesTold): HistoryLineOf<'phases'> {
  const versions = { lockstep_version: '1', node_version: '2' };
  const line = new EventLines(versions).lineOf(event, time);
  assert.ok(line?.kind === 'phases');
  return line;
}

// Would catch a number of a link that stands under another one's name, or gets lost between log and history.
test('work and links of a member are in its line, peers side by side', () => {
  const event = told(3);
  const entry = { fence: 1, time, entry: event };
  assert.deepEqual(decodeLogEntry(encodeLogEntry(entry)), entry);
  const line = lineOf(event);
  assert.deepEqual(historyLine.parse(JSON.parse(JSON.stringify(line))), line);
  const { host, links, work } = line.members[1] ?? {};
  assert.equal(host, 'node-1.gpu.example.internal');
  assert.deepEqual(work, { users: 4096, item_tokens: 1_000_000, flops: 1.2345678901234e16 });
  assert.deepEqual(links?.peers, {
    ranks: [0, 2],
    sent_bytes: [1_234_567_890, 1_234_567_892],
    receive_seconds: [1.234, 1.234],
    wait_seconds: [4.321, 4.321],
  });
});

// Would catch a history that grows with the square of the cluster.
test('a line with links has a bounded length, however many members there are', () => {
  const bytesOf = (members: number): number => JSON.stringify(lineOf(told(members))).length;
  const [pairs, many] = [bytesOf(linkPairsMembers), bytesOf(lanesMax)];
  assert.ok(pairs / linkPairsMembers < 1000, `${pairs} bytes`);
  assert.ok(many / lanesMax < 700, `${many} bytes`);
});
