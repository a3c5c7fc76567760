/** The coordinator process. Its options are in leading/run-coordinator.ts. */

import { runCoordinator } from './leading/run-coordinator.js';
import { startPlanner } from './plans/start-planner.js';

const planner = new URL('./plans/planner-thread.js', import.meta.url);

await runCoordinator(process.argv.slice(2), (job, datasetDirectory) =>
  startPlanner(planner, job, datasetDirectory),
);
