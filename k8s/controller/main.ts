/** The controller of training jobs on Kubernetes. Its options are in controller-options.ts. */
import { live } from '../../process/life.js';
import { openLog } from '../../process/logs/open-log.js';
import { readControllerOptions } from './controller-options.js';
import { runController } from './run-controller.js';

const log = openLog({ process: 'controller' });
await live('controller', log, () => {
  const ending = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => ending.abort());
  return runController(readControllerOptions(process.env), log, ending.signal);
});
