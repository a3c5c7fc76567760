/** The real worker process around a training thread that computes nothing. */
import { MessageChannel } from 'node:worker_threads';
import { runWorker } from '../../../worker/control/run-worker.js';
import { startTrainingThread } from '../../../worker/control/training-thread.js';
import { newestFakeCheckpoint } from './fake-checkpoints.js';

await runWorker(process.argv.slice(2), {
  startTraining: startTrainingThread(new URL('./fake-training-thread.js', import.meta.url)),
  startLinks: async () => ({
    address: '127.0.0.1:1',
    connect: async () => new MessageChannel().port1,
    onFailure: () => undefined,
    abort: () => undefined,
    stats: async () => ({ sent: { bulk: 3 }, received: { bulk: 4 } }),
    close: async () => undefined,
  }),
  digestOf: async () => 'fake',
  findCheckpoint: async ({ checkpoints }) => newestFakeCheckpoint(checkpoints),
});
