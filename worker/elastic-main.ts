/** The worker process. Its options are in control/process/worker-options.ts. */

import { startLinks } from './collective/links/links-host.js';
import { datasetDigest } from './control/dataset-digest.js';
import { runWorker } from './control/process/run-worker.js';
import { workerLinks } from './control/process/worker-links.js';
import { startTrainingThread } from './control/training-thread.js';

await runWorker(process.argv.slice(2), {
  openTraining: startTrainingThread(new URL('./training/training-thread.js', import.meta.url)),
  openLinks: async ({ bind, announce, secret }) =>
    workerLinks(await startLinks({ ...bind, ...(secret === null ? {} : { secret }) }), announce),
  secret: () => {
    const { LOCKSTEP_SECRET = '' } = process.env;
    return LOCKSTEP_SECRET === '' ? null : Buffer.from(LOCKSTEP_SECRET);
  },
  digestOf: datasetDigest,
});
