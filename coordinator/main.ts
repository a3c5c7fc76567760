/** The coordinator process. Its options are in leading/run-elastic.ts. */

import { runElastic } from './leading/run-elastic.js';
import { startPlanner } from './plans/start-planner.js';

const planner = new URL('./plans/planner-thread.js', import.meta.url);

await runElastic(process.argv.slice(2), (job, datasetDirectory) =>
  startPlanner(planner, job, datasetDirectory),
);
