/**
 * The links thread: owns this member's sockets and adds what arrives, so that neither the main
 * thread's timers nor the training thread's computing can hold up a peer. Thin: decisions are in
 * courier.ts and the operations.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { AwakeClock } from '../../../shared/awake-clock.js';
import { systemClock } from '../../../shared/clock.js';
import { longestTick, tickInterval } from '../../../shared/limits.js';
import { sharesOf } from '../../../shared/plan/lane-ownership.js';
import { openArithmetic } from '../../arithmetic/open-arithmetic.js';
import { AllReduceOperation } from '../all-reduce-operation.js';
import { ChunkMemory } from '../chunk-memory.js';
import { Courier } from '../courier.js';
import { ExchangeAbortedError, toMessage } from '../errors.js';
import { GatherOperation } from '../gather-operation.js';
import type { Operation } from '../operation.js';
import { ReduceOperation } from '../reduce-operation.js';
import { Traffic } from '../traffic.js';
import { connectMembers, type Membership } from './connect-members.js';
import type { FromExchange, FromLinks, ToExchange, ToLinks } from './links-messages.js';
import { LinksServer } from './links-server.js';

/** How long peers have to answer the end of a link before the process goes on ending. */
const farewellMillis = 500;

const host = parentPort as MessagePort;
const { host: hostName } = workerData as { host: string };
const arithmetic = openArithmetic();
const traffic = new Traffic();
const memory = new ChunkMemory();
const server = await LinksServer.listen(hostName, traffic);
let courier: Courier | null = null;
let trainingPort: MessagePort | null = null;
let connecting = new AbortController();

const tellHost = (message: FromLinks): void => host.postMessage(message);

host.on('message', (message: ToLinks) => {
  switch (message.kind) {
    case 'connect':
      return void connect(message);
    case 'abort':
      connecting.abort();
      return courier?.abort(new ExchangeAbortedError(message.reason));
    case 'stats':
      return tellHost({ kind: 'stats', id: message.id, stats: traffic.stats() });
    case 'close':
      return close();
  }
});
tellHost({ kind: 'listening', address: server.address });

/** A wait for a peer must not end because all of us stood still meanwhile. */
const awakeClock = new AwakeClock(systemClock, longestTick);
setInterval(() => awakeClock.now(), tickInterval).unref();

async function connect(request: Extract<ToLinks, { kind: 'connect' }>): Promise<void> {
  const { membership, connectDeadline, deadline, port } = request;
  courier?.abort(new ExchangeAbortedError(`generation ${membership.generation} has begun`));
  connecting.abort();
  connecting = new AbortController();
  try {
    const { signal } = connecting;
    const links = await connectMembers(server, membership, connectDeadline, systemClock, signal);
    const { generation } = membership;
    const onFailure = (error: Error): void => tellHost({ kind: 'failed', error: toMessage(error) });
    const current = new Courier({
      generation,
      links,
      arithmetic,
      clock: awakeClock,
      deadline,
      traffic,
      onFailure,
    });
    courier = current;
    trainingPort?.close();
    trainingPort = port;
    port.on('message', (order: ToExchange) => serve(current, membership, port, order));
    tellHost({ kind: 'connected' });
  } catch (error) {
    port.close();
    tellHost({ kind: 'not-connected', error: toMessage(error) });
  }
}

function serve(current: Courier, { rank }: Membership, port: MessagePort, order: ToExchange): void {
  if (order.kind === 'abort') {
    current.abort(new ExchangeAbortedError(order.reason));
    return;
  }
  const answer = (error: unknown): void =>
    port.postMessage({
      id: order.id,
      error: error === null ? null : toMessage(error),
    } satisfies FromExchange);
  current.run(operationOf(order)).then(() => answer(null), answer);

  function operationOf(request: Exclude<ToExchange, { kind: 'abort' }>): Operation {
    if (request.kind === 'gather') return new GatherOperation(request.tag, rank, request.parts);
    const { tag, slices, contributions, scratch } = request;
    const shape = { shares: sharesOf(request.shares), slices };
    const parts = { tag, rank, shape, contributions, scratch, arithmetic, memory };
    return request.kind === 'reduce'
      ? new ReduceOperation(parts)
      : new AllReduceOperation(parts, request.into);
  }
}

function close(): void {
  connecting.abort();
  courier?.close();
  trainingPort?.close();
  server.close();
  host.close();
  // Open handles keep the thread alive until the peers have answered, but not for longer than this.
  setTimeout(() => process.exit(), farewellMillis).unref();
}
