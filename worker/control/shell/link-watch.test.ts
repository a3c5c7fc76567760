import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generation, rank } from '../../../shared/ids.js';
import { linkPairsMembers, linkPeersTold, linksAskedInterval } from '../../../shared/limits.js';
import { millis } from '../../../shared/units.js';
import { LinkWatch } from './link-watch.js';
import type { LinkTraffic } from './worker-parts.js';

const link = (peer: number, bytes: number, waitSeconds = 0): LinkTraffic => ({
  peer: rank(peer),
  ...{ sentBytes: bytes, receivedBytes: 2 * bytes, receiveSeconds: bytes / 1000, waitSeconds },
});

function watched() {
  const seen = { now: 0, asked: 0, links: [] as LinkTraffic[] };
  const traffic = async () => {
    seen.asked++;
    return seen.links;
  };
  const watch = new LinkWatch({ traffic }, () => millis(seen.now));
  /** The links have carried this, and answer. */
  const carry = async (...links: LinkTraffic[]): Promise<void> => {
    seen.now += linksAskedInterval;
    seen.links = links;
    watch.tick();
    await Promise.resolve();
  };
  return { seen, watch, carry };
}

// Would catch a message to the links thread with every step, and bytes that are told twice.
test('links are asked once in a while, and what came since is told once', async () => {
  const { carry, seen, watch } = watched();
  watch.enter(generation(1));
  await carry(link(1, 100));
  assert.equal(watch.take(1), null);
  for (let tick = 0; tick < 9; tick++) watch.tick();
  assert.equal(seen.asked, 1);
  await carry(link(1, 400, 0.5));
  assert.deepEqual(watch.take(1), {
    ...{ seconds: 2, sentBytes: 300, receivedBytes: 600 },
    peers: [{ rank: 1, sentBytes: 300, receiveSeconds: 0.3, waitSeconds: 0.5 }],
  });
  assert.equal(watch.take(1), null);
});

// Would catch bytes of one membership that are told with a step of the next one.
test('what is not of the generation that is entered is not told', async () => {
  const { carry, watch } = watched();
  watch.enter(generation(1));
  await carry(link(1, 100));
  await carry(link(1, 200));
  assert.equal(watch.take(2), null);
  watch.enter(generation(2));
  assert.equal(watch.take(1), null);
  watch.enter(null);
  await carry(link(1, 300));
  await carry(link(1, 400));
  assert.equal(watch.take(2), null);
});

// Would catch a message that grows with the square of a cluster.
test('of a large generation only the peers that were waited for longest are named', async () => {
  const { carry, watch } = watched();
  const peers = Array.from({ length: linkPairsMembers }, (_, index) => index + 1);
  watch.enter(generation(1));
  await carry(...peers.map((peer) => link(peer, 0)));
  await carry(...peers.map((peer) => link(peer, 10, peer === 7 ? 3 : peer / 100)));
  const told = watch.take(1);
  assert.equal(told?.sentBytes, 10 * linkPairsMembers);
  assert.equal(told?.peers.length, linkPeersTold);
  assert.deepEqual(told?.peers[0]?.rank, 7);
});
