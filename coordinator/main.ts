/** The coordinator process. Its options are in run-coordinator.ts. */
import { runCoordinator } from './run-coordinator.js';
import { startPlanner } from './start-planner.js';

const planner = new URL('./planner-thread.js', import.meta.url);

await runCoordinator(process.argv.slice(2), (job, datasetDirectory) =>
  startPlanner(planner, job, datasetDirectory),
);
