/**
 * The thread that plans. It owns the dataset; an order of many sequences, or a large step, may take it
 * seconds, while the main thread goes on sending heartbeats.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { openDataset } from '../../dataset/dataset.js';
import { trainingView } from '../../dataset/training-view.js';
import { codeOf } from '../../shared/exit-codes.js';
import { readsLabels } from '../../shared/job-spec/rules/reads-labels.js';
import { type EncodedPlan, encodeStepPlan } from '../../shared/messages/step-plan-message.js';
import { JobPlanner } from '../../shared/plan/job-planner.js';
import { laneParts, sharedPart } from '../../shared/plan/plan.js';
import type { FromPlanner, PlannerStart, ToPlanner } from './planner-messages.js';

const port = parentPort as MessagePort;
const tell = (message: FromPlanner, moved: ArrayBuffer[] = []): void =>
  port.postMessage(message, moved);

function fail(error: unknown): void {
  const { message, stack } = error as Error;
  tell({ kind: 'failed', code: codeOf(error), message, stack: stack ?? '' });
  port.close();
}

const buffersOf = ({ shared, lanes }: EncodedPlan): ArrayBuffer[] =>
  [shared, ...lanes].map(({ bytes }) => bytes.buffer);

try {
  const { job, datasetDirectory } = workerData as PlannerStart;
  const dataset = await openDataset(datasetDirectory, {
    verify: 'remembered',
    labels: readsLabels(job),
  });
  const training = trainingView(dataset);
  const planner = new JobPlanner(job, training);
  port.on('message', ({ step }: ToPlanner) => {
    try {
      const whole = planner.plan(step);
      const plan = encodeStepPlan(sharedPart(whole), laneParts(whole));
      tell({ kind: 'planned', plan }, buffersOf(plan));
    } catch (error) {
      fail(error);
    }
  });
  tell({
    kind: 'opened',
    datasetDigest: dataset.digest,
    totalSteps: planner.totalSteps,
  });
} catch (error) {
  fail(error);
}
