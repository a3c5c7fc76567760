/** For tests: the members of one generation linked in memory, each with the port that a links thread gives. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { systemClock } from '../../../shared/clock.js';
import { type Generation, type Rank, rank } from '../../../shared/ids.js';
import { sharesOf } from '../../../shared/plan/lane-ownership.js';
import { millis } from '../../../shared/units.js';
import { openArithmetic } from '../../../worker/arithmetic/open-arithmetic.js';
import { AllReduceOperation } from '../../../worker/collective/all-reduce-operation.js';
import { ChunkMemory } from '../../../worker/collective/chunk-memory.js';
import { Courier } from '../../../worker/collective/courier.js';
import { ExchangeAbortedError, toMessage } from '../../../worker/collective/errors.js';
import { GatherOperation } from '../../../worker/collective/gather-operation.js';
import type { ToExchange } from '../../../worker/collective/links/links-messages.js';
import { type MemoryLink, memoryLinkPair } from '../../../worker/collective/links/memory-link.js';
import { ReduceOperation } from '../../../worker/collective/reduce-operation.js';
import { Traffic } from '../../../worker/collective/traffic.js';

const arithmetic = openArithmetic();

export interface MemoryMembers {
  /** By rank; null for the only one. */
  readonly ports: readonly (MessagePort | null)[];
  /** As if the member's process had died. */
  cut(member: Rank): void;
  close(): void;
}

/** @param onOperation called when a member begins an exchange */
export function linkInMemory(
  size: number,
  generation: Generation,
  onOperation: () => void,
): MemoryMembers {
  if (size === 1) return { ports: [null], cut: () => undefined, close: () => undefined };
  const links: MemoryLink[][] = Array.from({ length: size }, () => []);
  for (let a = 0; a < size; a++) {
    for (let b = a + 1; b < size; b++) {
      const [atA, atB] = memoryLinkPair(rank(a), rank(b));
      links[a]?.push(atA);
      links[b]?.push(atB);
    }
  }
  const served = links.map((own, index) => serve(own, generation, rank(index), onOperation));
  return {
    ports: served.map(({ theirs }) => theirs),
    cut: (member) => {
      for (const link of links[member] ?? []) link.terminate();
    },
    close: () => {
      for (const { ours } of served) ours.close();
    },
  };
}

/** What the links thread does for a port. */
function serve(
  links: readonly MemoryLink[],
  generation: Generation,
  own: Rank,
  onOperation: () => void,
): { readonly theirs: MessagePort; readonly ours: MessagePort } {
  const { port1: theirs, port2: ours } = new MessageChannel();
  const memory = new ChunkMemory();
  const courier = new Courier({
    generation,
    links,
    arithmetic,
    clock: systemClock,
    deadline: millis(60_000),
    traffic: new Traffic(),
  });
  ours.on('message', (order: ToExchange) => {
    if (order.kind === 'abort') {
      courier.abort(new ExchangeAbortedError(order.reason));
      return;
    }
    onOperation();
    const answer = (error: unknown): void =>
      ours.postMessage({ id: order.id, error: error === null ? null : toMessage(error) });
    courier.run(operationOf(order, own, memory)).then(() => answer(null), answer);
  });
  return { theirs, ours };
}

function operationOf(
  order: Exclude<ToExchange, { kind: 'abort' }>,
  own: Rank,
  memory: ChunkMemory,
) {
  if (order.kind === 'gather') return new GatherOperation(order.tag, own, order.parts);
  const { tag, slices, contributions, scratch } = order;
  const shape = { shares: sharesOf(order.shares), slices };
  const parts = { tag, rank: own, shape, contributions, scratch, arithmetic, memory };
  return order.kind === 'reduce'
    ? new ReduceOperation(parts)
    : new AllReduceOperation(parts, order.into);
}
