/** What went over the links of each member, summed over what it has told of them. */
import type { WorkerId } from '../../shared/ids.js';
import { linkPairsMembers, linkPeersTold } from '../../shared/limits.js';
import type { LinksTold, PeerTraffic } from '../../shared/messages/work-fields.js';

export class LinkSums {
  readonly #members = new Map<WorkerId, LinksTold>();

  has(worker: WorkerId): boolean {
    return this.#members.has(worker);
  }

  add(worker: WorkerId, told: LinksTold): void {
    const before = this.#members.get(worker);
    this.#members.set(worker, before === undefined ? told : joined(before, told));
  }

  /** Null where it has told nothing. @param members of the generation */
  of(worker: WorkerId, members: number): LinksTold | null {
    const sums = this.#members.get(worker);
    if (sums === undefined || members <= linkPairsMembers) return sums ?? null;
    // Each time it may have named others.
    const slowest = [...sums.peers].sort((a, b) => b.waitSeconds - a.waitSeconds);
    return { ...sums, peers: slowest.slice(0, linkPeersTold) };
  }
}

function joined(a: LinksTold, b: LinksTold): LinksTold {
  const peers = new Map<number, PeerTraffic>();
  for (const peer of [...a.peers, ...b.peers]) {
    const before = peers.get(peer.rank);
    peers.set(peer.rank, before === undefined ? peer : sumOf(before, peer));
  }
  return {
    seconds: toMillis(a.seconds + b.seconds),
    sentBytes: a.sentBytes + b.sentBytes,
    receivedBytes: a.receivedBytes + b.receivedBytes,
    peers: [...peers.values()].sort((one, other) => one.rank - other.rank),
  };
}

const sumOf = (a: PeerTraffic, b: PeerTraffic): PeerTraffic => ({
  rank: a.rank,
  sentBytes: a.sentBytes + b.sentBytes,
  receiveSeconds: toMillis(a.receiveSeconds + b.receiveSeconds),
  waitSeconds: toMillis(a.waitSeconds + b.waitSeconds),
});

/** Sums of milliseconds are some, whatever a binary fraction makes of them. */
const toMillis = (seconds: number): number => Math.round(seconds * 1000) / 1000;
