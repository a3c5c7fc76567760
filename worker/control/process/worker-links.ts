/** The links of this process as its main thread needs them: under the address that peers dial. */
import type { LinksHost } from '../../collective/links/links-host.js';
import type { OpenLinks } from './run-worker.js';
import type { HostAndPort } from './worker-options.js';

/** Of links that listen on one address and may be reached under another. */
export function workerLinks(host: LinksHost, announce: HostAndPort | null): OpenLinks {
  return {
    address: announcedAddress(host.address, announce),
    connect: (request) => host.connect(request),
    drop: (generation, reason) => host.drop(generation, reason),
    onTrouble: (listener) => host.onTrouble(listener),
    serve: (state) => host.serve(state),
    copy: (request) => host.copy(request),
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
