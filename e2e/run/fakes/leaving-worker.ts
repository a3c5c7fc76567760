/** A worker that says what failed and that it leaves, and is then held up until it kills itself. */
import type { RunEvent } from '../../../shared/messages/run-events.js';

const tell = (event: RunEvent): Promise<void> =>
  new Promise((resolve) => {
    process.send?.(event, undefined, undefined, () => resolve());
  });

await tell({
  kind: 'failed',
  code: 'NON_FINITE',
  message: 'the loss is NaN',
  worker: 'worker-0',
  committedSteps: 3,
});
await tell({ kind: 'leaving', code: 3 });
process.kill(process.pid, 'SIGKILL');
