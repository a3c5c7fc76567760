/** The worker process. Its options are in control/process/worker-options.ts. */

import { readJobSecret } from '../process/job-secret.js';
import { datasetDigest } from './control/dataset-digest.js';
import { openLinks } from './control/process/open-links.js';
import { runWorker } from './control/process/run-worker.js';
import { startTrainingThread } from './control/training-thread.js';

await runWorker(process.argv.slice(2), {
  openTraining: startTrainingThread(new URL('./training/training-thread.js', import.meta.url)),
  openLinks,
  secret: () => readJobSecret(),
  digestOf: datasetDigest,
});
