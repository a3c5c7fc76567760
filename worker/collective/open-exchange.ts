/** Chooses an exchange: over the links where there are peers, else without any. */
import type { MessagePort } from 'node:worker_threads';
import type { Rank } from '../../shared/ids.js';
import type { LaneShares } from '../../shared/plan/lane-ownership.js';
import type { Arithmetic } from '../arithmetic/arithmetic.js';
import type { Exchange } from './exchange.js';
import { LocalExchange } from './local-exchange.js';
import { PortExchange } from './port-exchange.js';

export interface ExchangeOptions {
  readonly rank: Rank;
  readonly shares: LaneShares;
  readonly arithmetic: Arithmetic;
}

/** @param port from LinksHost.connect; null for the only member of its generation. */
export function openExchange(port: MessagePort | null, options: ExchangeOptions): Exchange {
  const { rank, shares, arithmetic } = options;
  return port === null
    ? new LocalExchange(arithmetic, shares.lanes)
    : new PortExchange(port, rank, shares);
}
