/**
 * Asks the links thread once in a while what each link has carried, so that a committed step can tell it.
 * No step waits for the answer: it is told with whichever step comes next.
 */
import type { Generation } from '../../../shared/ids.js';
import { linkPairsMembers, linkPeersTold, linksAskedInterval } from '../../../shared/limits.js';
import type { LinksTold } from '../../../shared/messages/work-fields.js';
import type { Millis } from '../../../shared/units.js';
import type { LinkTraffic, WorkerLinks } from './worker-parts.js';

interface Reading {
  readonly at: Millis;
  readonly links: readonly LinkTraffic[];
}

export class LinkWatch {
  readonly #links: Pick<WorkerLinks, 'traffic'>;
  readonly #now: () => Millis;
  #generation: Generation | null = null;
  /** That was told last, or the first one; null before it. */
  #told: Reading | null = null;
  #newest: Reading | null = null;
  #askedAt: Millis | null = null;

  constructor(links: Pick<WorkerLinks, 'traffic'>, now: () => Millis) {
    this.#links = links;
    this.#now = now;
  }

  /** @param generation that is entered; null where it has no peers */
  enter(generation: Generation | null): void {
    this.#generation = generation;
    this.#told = null;
    this.#newest = null;
    this.#askedAt = null;
  }

  tick(): void {
    const [generation, now] = [this.#generation, this.#now()];
    if (generation === null) return;
    if (this.#askedAt !== null && now - this.#askedAt < linksAskedInterval) return;
    this.#askedAt = now;
    void this.#links.traffic(generation).then((links) => {
      if (generation !== this.#generation || links.length === 0) return;
      // What the members said to each other before they trained is of no step.
      if (this.#told === null) this.#told = { at: now, links };
      else this.#newest = { at: now, links };
    });
  }

  /** What has come since it was taken last; null where nothing is to be told yet. */
  take(generation: number): LinksTold | null {
    const [newest, told] = [this.#newest, this.#told];
    if (newest === null || told === null || generation !== this.#generation) return null;
    this.#told = newest;
    this.#newest = null;
    return linksBetween(told, newest);
  }
}

function linksBetween(before: Reading, now: Reading): LinksTold {
  const peers = now.links.map((link) => {
    const old = before.links.find(({ peer }) => peer === link.peer);
    return {
      rank: link.peer as number,
      sentBytes: link.sentBytes - (old?.sentBytes ?? 0),
      receivedBytes: link.receivedBytes - (old?.receivedBytes ?? 0),
      receiveSeconds: toMillis(link.receiveSeconds - (old?.receiveSeconds ?? 0)),
      waitSeconds: toMillis(link.waitSeconds - (old?.waitSeconds ?? 0)),
    };
  });
  const sum = (name: 'sentBytes' | 'receivedBytes'): number =>
    peers.reduce((total, peer) => total + peer[name], 0);
  const told = peers.map(({ receivedBytes: _, ...peer }) => peer);
  return {
    seconds: toMillis((now.at - before.at) / 1000),
    sentBytes: sum('sentBytes'),
    receivedBytes: sum('receivedBytes'),
    peers: now.links.length < linkPairsMembers ? told : slowest(told),
  };
}

const slowest = (peers: LinksTold['peers']): LinksTold['peers'] =>
  [...peers]
    .sort((a, b) => b.waitSeconds - a.waitSeconds || a.rank - b.rank)
    .slice(0, linkPeersTold);

/** More digits than a clock has would only fill a history. */
const toMillis = (seconds: number): number => Math.max(0, Math.round(seconds * 1000) / 1000);
