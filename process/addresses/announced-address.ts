/**
 * Under which address others reach what listens here. Said by option; else what it is bound to; else,
 * where it is bound to every address, the one that this machine uses on its way to a host that they
 * reach too.
 */
import { isIPv4, isIPv6 } from 'node:net';

export interface HostAndPort {
  readonly host: string;
  /** 0: that of the other side of the question. */
  readonly port: number;
}

export interface AddressFacts {
  /** What it listens on, with the port that it has got. */
  readonly bound: HostAndPort;
  /** Of the option; port 0 stands for the bound one. */
  readonly announce: HostAndPort | null;
  /** The local end of the way to a common host; null where there is none. */
  readonly route: string | null;
  /** This machine's, in the order of its interfaces. */
  readonly local: readonly { readonly address: string; readonly internal: boolean }[];
}

/** `host:port`, with an IPv6 host in brackets. */
export function announcedAddress({ bound, announce, route, local }: AddressFacts): string {
  if (announce !== null) return joined(announce.host, announce.port || bound.port);
  if (!isWildcard(bound.host)) return joined(bound.host, bound.port);
  // Sockets of 0.0.0.0 take no IPv6; those of :: take both.
  const isHeard = (address: string): boolean => bound.host === '::' || !isIPv6(address);
  const outward = local.find(({ address, internal }) => !internal && isHeard(address))?.address;
  // Another host may not come this way where a common host is on this machine.
  const useful = route !== null && isHeard(route) && !isLoopback(route) ? route : null;
  return joined(useful ?? outward ?? '127.0.0.1', bound.port);
}

/** Of a name: only the one that never leaves this machine. `127.0.0.1.example.com` is a stranger's. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::';

const joined = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
