/**
 * The thread that plans. It owns the dataset; an order of many sequences, or a large step, may take it
 * seconds, while the main thread goes on sending heartbeats.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { openDataset } from '../../dataset/dataset.js';
import { trainingView } from '../../dataset/training-view.js';
import { codeOf } from '../../shared/exit-codes.js';
import { readsLabels } from '../../shared/job-spec/rules/reads-labels.js';
import { encodeStepPlan } from '../../shared/messages/step-plan-message.js';
import { JobPlanner } from '../../shared/plan/job-planner.js';
import { laneParts, sharedPart } from '../../shared/plan/plan.js';
import type { PlannedStep } from './plan-source.js';
import type { FromPlanner, PlannerStart, ToPlanner } from './planner-messages.js';

const port = parentPort as MessagePort;
const tell = (message: FromPlanner, moved: ArrayBuffer[] = []): void =>
  port.postMessage(message, moved);

function fail(error: unknown): void {
  const { message, stack } = error as Error;
  tell({ kind: 'failed', code: codeOf(error), message, stack: stack ?? '' });
  port.close();
}

const buffersOf = ({ shared, lanes, users }: PlannedStep): ArrayBuffer[] => [
  ...[shared, ...lanes].map(({ bytes }) => bytes.buffer),
  ...users.lanes.map(({ buffer }) => buffer as ArrayBuffer),
];

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
      const lanes = laneParts(whole);
      const users = { epoch: whole.epoch, lanes: lanes.map((lane) => lane.users) };
      const plan = { ...encodeStepPlan(sharedPart(whole), lanes), users };
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
