/** The links of this process as its main thread needs them: addresses by role, states with their header. */
import { samePosition } from '../../../shared/membership/position.js';
import { type Millis, millis } from '../../../shared/units.js';
import type { LinksHost } from '../../collective/links/links-host.js';
import type { StateSectionBytes } from '../../collective/transfer/state-transfer.js';
import type { StateVectors } from '../../state/host-state.js';
import { stateSections } from '../../state/training-state.js';
import type { SharedState } from '../../training/messages.js';
import type { CopyRequest, StateOffer } from '../shell/worker-parts.js';
import type { WantedState } from '../situation/worker-event.js';
import type { OpenLinks } from './run-worker.js';
import type { HostAndPort } from './worker-options.js';

/** The holder has no such state now; it may have it in a moment. */
export class StateAbsentError extends Error {
  override readonly name = 'StateAbsentError';
  readonly code = 'STATE_ABSENT';
  constructor(holder: string, reason: string) {
    super(`Cannot copy the state of ${holder} yet: ${reason}`);
  }
}

/** A member that answers says at once what it has; it may have to make its digests first. */
const describeLimit: Millis = millis(5000);

/**
 * All of a copy. A large state over a slow network takes an hour; one that stands still is given up
 * long before, by whoever watches its progress.
 */
const copyLimit: Millis = millis(3_600_000);

type SharedVersion = Int32Array;

/** Of links that listen on one address and may be reached under another. */
export function workerLinks(host: LinksHost, announce: HostAndPort | null): OpenLinks {
  let served: SharedVersion | null = null;
  const serve = (state: SharedState | null): void => {
    // First: from here on nothing that was served before is given any more.
    if (served !== null) Atomics.add(served, 0, 1);
    served = state === null ? null : new Int32Array(new SharedArrayBuffer(4));
    host.serve(
      state === null || served === null
        ? null
        : { ...state, sections: bytesOf(state.sections), version: served },
    );
  };
  return {
    address: announcedAddress(host.address, announce),
    connect: (request) => host.connect(request),
    drop: (generation, reason) => host.drop(generation, reason),
    onTrouble: (listener) => host.onTrouble(listener),
    serve,
    copy: (request) => copyState(host, request),
    stats: () => host.stats(),
    close: () => host.close(),
  };
}

/** What the peers dial. */
export function announcedAddress(listening: string, announce: HostAndPort | null): string {
  if (announce === null) return listening;
  const port =
    announce.port === 0 ? listening.slice(listening.lastIndexOf(':') + 1) : announce.port;
  return `${announce.host.includes(':') ? `[${announce.host}]` : announce.host}:${port}`;
}

async function copyState(
  host: LinksHost,
  { address, wanted, room, onBytes, signal }: CopyRequest,
): Promise<StateOffer> {
  const offer = await host.describe({ holder: address, deadline: describeLimit });
  if (offer.kind === 'unreachable')
    throw new Error(`${address} cannot be reached: ${offer.reason}`);
  if (offer.kind === 'absent') throw new StateAbsentError(address, offer.reason);
  const { header, position } = offer;
  if (!isWanted(wanted, position) || typeof header !== 'string') {
    throw new StateAbsentError(address, 'it holds another one');
  }
  const into = bytesOf(await room({ position, header }));
  const deadline = copyLimit;
  const request = { holders: [address], position, into, deadline, signal, onRange: onBytes };
  await host.copy(request);
  return { position, header };
}

const isWanted = (wanted: WantedState, position: StateOffer['position']): boolean =>
  wanted.kind === 'position'
    ? samePosition(wanted.position, position)
    : wanted.committedSteps === position.committedSteps;

const bytesOf = (vectors: StateVectors): StateSectionBytes[] =>
  stateSections.map((name) => {
    const { buffer, byteOffset, byteLength } = vectors[name];
    return { name, bytes: new Uint8Array(buffer, byteOffset, byteLength) };
  });
