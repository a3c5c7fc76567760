/** The worker process. Its options are in control/process/worker-options.ts. */

import { discoverAddress } from '../process/addresses/discover-address.js';
import { readNatsOptions } from '../process/nats/nats-options.js';
import { tlsFromEnvironment } from './collective/links/handshake/tls-from-environment.js';
import { startLinks } from './collective/links/links-host.js';
import { datasetDigest } from './control/dataset-digest.js';
import { runWorker } from './control/process/run-worker.js';
import { workerLinks } from './control/process/worker-links.js';
import { startTrainingThread } from './control/training-thread.js';

await runWorker(process.argv.slice(2), {
  openTraining: startTrainingThread(new URL('./training/training-thread.js', import.meta.url)),
  openLinks: async ({ bind, announce, secret }) => {
    const tls = tlsFromEnvironment();
    const links = await startLinks({ ...bind, ...(secret && { secret }), ...(tls && { tls }) });
    const bound = { host: bind.host, port: links.port };
    // Members and nats-server reach each other: the way there is a way to the peers.
    const [server = ''] = readNatsOptions().address.servers;
    return workerLinks(links, await discoverAddress({ bound, announce }, server));
  },
  secret: () => {
    const { LOCKSTEP_SECRET = '' } = process.env;
    return LOCKSTEP_SECRET === '' ? null : Buffer.from(LOCKSTEP_SECRET);
  },
  digestOf: datasetDigest,
});
