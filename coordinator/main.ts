/** The coordinator process. Its options are in run-coordinator.ts. */
import { openDataset } from '../dataset/dataset.js';
import { trainingView } from '../dataset/training-view.js';
import { encodeStepPlan } from '../shared/messages/step-plan-message.js';
import { laneParts, sharedPart, totalSteps } from '../shared/plan/plan.js';
import { Planner } from '../shared/plan/planner.js';
import { runCoordinator } from './run-coordinator.js';

await runCoordinator(process.argv.slice(2), async (job, datasetDirectory) => {
  const dataset = await openDataset(datasetDirectory, { verify: 'remembered' });
  const training = trainingView(dataset);
  const planner = new Planner(job, training);
  return {
    datasetDigest: dataset.digest,
    totalSteps: totalSteps(job, training),
    plans: {
      plan: async (step) => {
        const plan = planner.plan(step);
        return encodeStepPlan(sharedPart(plan), laneParts(plan));
      },
      close: async () => undefined,
    },
  };
});
