/** The links of a worker's process: where it listens, what it announces, how it is encrypted. */
import { discoverAddress } from '../../../process/addresses/discover-address.js';
import { readNatsOptions } from '../../../process/nats/nats-options.js';
import { tlsFromEnvironment } from '../../collective/links/handshake/tls-from-environment.js';
import { startLinks } from '../../collective/links/links-host.js';
import type { OpenLinks, WorkerDependencies } from './run-worker.js';
import { workerLinks } from './worker-links.js';

export const openLinks: WorkerDependencies['openLinks'] = async ({
  bind,
  announce,
  secret,
}): Promise<OpenLinks> => {
  const tls = tlsFromEnvironment();
  const links = await startLinks({ ...bind, ...(secret && { secret }), ...(tls && { tls }) });
  const bound = { host: bind.host, port: links.port };
  // Members and nats-server reach each other: the way there is a way to the peers.
  const [server = ''] = readNatsOptions().address.servers;
  return workerLinks(links, await discoverAddress({ bound, announce }, server));
};
