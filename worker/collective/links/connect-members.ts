import { setTimeout as delay } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import type { Clock } from '../../../shared/clock.js';
import type { Generation, Rank } from '../../../shared/ids.js';
import { type Millis, millis } from '../../../shared/units.js';
import { LinksConnectError } from '../errors.js';
import { dial } from './handshake/dial.js';
import type { LinksServer } from './handshake/links-server.js';
import type { Trust } from './handshake/trust.js';
import type { IncomingSocket } from './websocket/incoming-socket.js';
import { WebSocketLink } from './websocket/websocket-link.js';

export interface Membership {
  readonly generation: Generation;
  readonly rank: Rank;
  /** `host:port` of every member's server, by rank; the own one is not dialled. */
  readonly addresses: readonly string[];
  readonly trust: Trust;
}

/** Members start within seconds of each other: the first tries are quick, the later ones polite. */
const firstRetryMillis = 10;
const lastRetryMillis = 250;

/** A try that gets no answer at all holds up the next one for no longer. */
const tryMillis = 10_000;

/**
 * Links this member to every other one, both ways.
 *
 * @param missing gets the peers that are not linked yet, each with what its last try came to
 * @throws LinksConnectError where a peer refuses or is not there before `deadline` has passed.
 */
export async function connectMembers(
  server: LinksServer,
  membership: Membership,
  deadline: Millis,
  clock: Clock,
  signal: AbortSignal,
  missing = new Map<Rank, string>(),
): Promise<WebSocketLink[]> {
  const { rank, addresses } = membership;
  const peers = addresses.map((_, peer) => peer as Rank).filter((peer) => peer !== rank);
  for (const peer of peers) missing.set(peer, 'it did not dial this member');
  const until = millis(clock.now() + deadline);
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const opened: { terminate(): void }[] = [];
  try {
    const accepted = acceptFrom(server, membership, opened);
    const pairs = peers.map(async (peer) => {
      const incoming = await dialUntil(peer, membership, until, clock, either, (why) =>
        missing.set(peer, why),
      );
      opened.push(incoming);
      const outgoing = await within(
        accepted.get(peer) as Promise<WebSocket>,
        peer,
        until,
        clock,
        either,
      );
      missing.delete(peer);
      return new WebSocketLink(peer, outgoing, incoming);
    });
    return await Promise.all(pairs);
  } catch (error) {
    stop.abort();
    for (const socket of opened) socket.terminate();
    throw error;
  }
}

/** For each peer, the socket on which it wants to hear this member. */
function acceptFrom(
  server: LinksServer,
  { generation, rank, addresses }: Membership,
  opened: { terminate(): void }[],
): Map<Rank, Promise<WebSocket>> {
  const accepted = new Map<Rank, Promise<WebSocket>>();
  const resolvers = new Map<Rank, (socket: WebSocket) => void>();
  addresses.forEach((_, peer) => {
    accepted.set(peer as Rank, new Promise((resolve) => resolvers.set(peer as Rank, resolve)));
  });
  server.expect({ generation, rank, members: addresses.length }, (peer, socket) => {
    const resolve = resolvers.get(peer);
    resolvers.delete(peer);
    // A second socket of the same peer would split its stream.
    if (resolve === undefined) return socket.terminate();
    opened.push(socket);
    resolve(socket);
  });
  return accepted;
}

async function dialUntil(
  peer: Rank,
  { generation, rank, addresses, trust }: Membership,
  until: Millis,
  clock: Clock,
  signal: AbortSignal,
  onMissed: (why: string) => void,
): Promise<IncomingSocket> {
  const address = addresses[peer] as string;
  const hello = { purpose: 'links', generation, from: rank, to: peer } as const;
  let pause = firstRetryMillis;
  let reason: string | null = null;
  for (;;) {
    const left = millis(Math.min(until - clock.now(), tryMillis));
    const result = await dial(address, hello, trust, left, signal);
    if (result.kind === 'open') return result.socket;
    if (result.kind === 'refused') {
      throw new LinksConnectError(peer, `${address} refused: ${result.reason}`);
    }
    if (signal.aborted) throw new LinksConnectError(peer, 'connecting was given up');
    // The deadline may cut the last attempt short: what an earlier one was told says more.
    if (reason === null || clock.now() < until) reason = result.reason;
    onMissed(`${address} did not answer in time: ${reason}`);
    if (clock.now() + pause >= until) {
      throw new LinksConnectError(peer, `${address} did not answer in time: ${reason}`);
    }
    await delay(pause, undefined, { signal }).catch(() => undefined);
    pause = Math.min(lastRetryMillis, pause * 2);
  }
}

async function within<Value>(
  value: Promise<Value>,
  peer: Rank,
  until: Millis,
  clock: Clock,
  signal: AbortSignal,
): Promise<Value> {
  const timer = new AbortController();
  const tooLate = delay(Math.max(0, until - clock.now()), undefined, {
    signal: AbortSignal.any([signal, timer.signal]),
  }).then(
    () => {
      throw new LinksConnectError(peer, 'it did not dial this member in time');
    },
    () => {
      throw new LinksConnectError(peer, 'connecting was given up');
    },
  );
  try {
    return await Promise.race([value, tooLate]);
  } finally {
    tooLate.catch(() => undefined);
    timer.abort();
  }
}
