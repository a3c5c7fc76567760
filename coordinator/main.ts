/** The coordinator process. Its options are in run-coordinator.ts. */

import { startPlanner } from './plans/start-planner.js';
import { runCoordinator } from './run-coordinator.js';

const planner = new URL('./plans/planner-thread.js', import.meta.url);

await runCoordinator(process.argv.slice(2), (job, datasetDirectory) =>
  startPlanner(planner, job, datasetDirectory),
);
