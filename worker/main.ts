/** The worker process. Its options are in control/run-worker.ts. */

import { startLinks } from './collective/links/links-host.js';
import { datasetDigest } from './control/dataset-digest.js';
import { findCheckpoint } from './control/find-checkpoint.js';
import { runWorker } from './control/run-worker.js';
import { startTrainingThread } from './control/training-thread.js';

await runWorker(process.argv.slice(2), {
  startTraining: startTrainingThread(new URL('./training/training-thread.js', import.meta.url)),
  startLinks,
  digestOf: datasetDigest,
  findCheckpoint,
});
