/** The worker process. Its options are in control/process/worker-options.ts. */

import { startTrainingThread } from './control/training-thread.js';

// First of all: the thread loads its code while this one loads its own.
const openTraining = startTrainingThread(new URL('./training/training-thread.js', import.meta.url));
const [{ readJobSecret }, { datasetDigest }, { openLinks }, { runWorker }] = await Promise.all([
  import('../process/job-secret.js'),
  import('./control/dataset-digest.js'),
  import('./control/process/open-links.js'),
  import('./control/process/run-worker.js'),
]);

await runWorker(process.argv.slice(2), {
  openTraining,
  openLinks,
  secret: () => readJobSecret(),
  digestOf: datasetDigest,
});
