/** The worker process with a training thread that can be held. */
import { readJobSecret } from '../../../process/job-secret.js';
import { datasetDigest } from '../../../worker/control/dataset-digest.js';
import { openLinks } from '../../../worker/control/process/open-links.js';
import { runWorker } from '../../../worker/control/process/run-worker.js';
import { startTrainingThread } from '../../../worker/control/training-thread.js';

await runWorker(process.argv.slice(2), {
  openTraining: startTrainingThread(new URL('./held-training-thread.js', import.meta.url)),
  openLinks,
  secret: () => readJobSecret(),
  digestOf: datasetDigest,
});
