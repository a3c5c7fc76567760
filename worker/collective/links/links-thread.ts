/**
 * The links thread: owns this member's sockets and adds what arrives, so that neither the main
 * thread's timers nor the training thread's computing can hold up a peer. Thin: decisions are in
 * courier.ts and the operations.
 */
import {
  type MessagePort,
  parentPort,
  receiveMessageOnPort,
  workerData,
} from 'node:worker_threads';
import { AwakeClock } from '../../../shared/awake-clock.js';
import { systemClock } from '../../../shared/clock.js';
import { longestTick, tickInterval } from '../../../shared/limits.js';
import { openArithmetic } from '../../arithmetic/open-arithmetic.js';
import { ChunkMemory } from '../chunk-memory.js';
import { toMessage } from '../errors.js';
import { Traffic } from '../traffic.js';
import { copyState } from '../transfer/state-copier.js';
import { StateServer } from '../transfer/state-server.js';
import type { StateOffer, StateSectionBytes } from '../transfer/state-transfer.js';
import { Doorbell } from './doorbell.js';
import { LinksServer } from './handshake/links-server.js';
import { readTlsIdentity } from './handshake/trust.js';
import type { FromLinks, LinksThreadStart, ToLinks } from './links-messages.js';
import { OpenGenerations } from './open-generations.js';

/** How long peers have to answer the end of a link before the process goes on ending. */
const farewellMillis = 500;

interface Copying {
  readonly stop: AbortController;
  /** Takes the room that was asked for. */
  readonly into: (sections: readonly StateSectionBytes[]) => void;
}

const host = parentPort as MessagePort;
const start = workerData as LinksThreadStart;
const traffic = new Traffic();
const { secret } = start;
const tls = start.tls === null ? null : readTlsIdentity(start.tls);
const server = await LinksServer.listen({ ...start, trust: { secret, tls }, traffic });
const trust = { secret: secret ?? new Uint8Array(0), tls };
const arithmetic = openArithmetic();
const bell = new Doorbell(start.bell);
const states = new StateServer(start.versions);
server.onCopier((socket) => states.welcome(socket));
/** Under way. */
const copies = new Map<number, Copying>();
const awakeClock = new AwakeClock(systemClock, longestTick);
setInterval(() => awakeClock.now(), tickInterval).unref();

const tellHost = (message: FromLinks): void => host.postMessage(message);

const generations = new OpenGenerations({
  server,
  trust,
  traffic,
  awakeClock,
  arithmetic,
  memory: new ChunkMemory(),
  clock: systemClock,
  hearHost,
  onTrouble: (trouble) => tellHost({ kind: 'trouble', trouble }),
  onFailure: (error) => tellHost({ kind: 'failed', error: toMessage(error) }),
});

host.on('message', act);
tellHost({ kind: 'listening', address: server.address });

/** Takes the messages of a host that has rung, in their order, without waiting for the event loop. */
function hearHost(): void {
  if (!bell.answer()) return;
  for (;;) {
    const received = receiveMessageOnPort(host) as { readonly message: ToLinks } | undefined;
    if (received === undefined) return;
    act(received.message);
  }
}

function act(message: ToLinks) {
  switch (message.kind) {
    case 'prepare':
      return generations.prepare(message);
    case 'connect':
      return connect(message);
    case 'drop':
      if (message.generation === null) generations.dropAll(message.reason);
      else generations.drop(message.generation, message.reason);
      return;
    case 'serve':
      return states.serve(message.state, message.version);
    case 'copy':
      return copy(message);
    case 'copy-into':
      return copies.get(message.id)?.into(message.sections);
    case 'cancel-copy':
      return copies.get(message.id)?.stop.abort();
    case 'stats':
      return tellHost({ kind: 'stats', id: message.id, stats: traffic.stats() });
    case 'close':
      return close();
  }
}

function connect(message: Extract<ToLinks, { kind: 'connect' }>): void {
  const { id } = message;
  generations.connect(message).then(
    () => tellHost({ kind: 'connected', id }),
    (error) => tellHost({ kind: 'not-connected', id, error: toMessage(error) }),
  );
}

function copy({ id, address, wanted }: Extract<ToLinks, { kind: 'copy' }>): void {
  const stop = new AbortController();
  const room = (offer: StateOffer) =>
    new Promise<readonly StateSectionBytes[]>((resolve) => {
      const noRoom = () => resolve([]);
      stop.signal.addEventListener('abort', noRoom);
      copies.set(id, { stop, into: resolve });
      tellHost({ kind: 'offered', id, offer });
    });
  copies.set(id, { stop, into: () => undefined });
  const onMoved = () => tellHost({ kind: 'copy-moved', id });
  const parts = { address, wanted, room, onMoved, trust, copy: arithmetic.copy };
  copyState({ ...parts, signal: stop.signal })
    .finally(() => copies.delete(id))
    .then(
      (copied) => tellHost({ kind: 'copied', id, copied }),
      (error) => tellHost({ kind: 'not-copied', id, error: toMessage(error) }),
    );
}

function close(): void {
  generations.close();
  for (const { stop } of copies.values()) stop.abort();
  server.close();
  host.close();
  // Open handles keep the thread alive until the peers have answered, but not for longer than this.
  setTimeout(() => process.exit(), farewellMillis).unref();
}
