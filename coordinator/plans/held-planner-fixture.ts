/**
 * For tests: a planner thread that computes for as long as the test wants. It stands still in the
 * middle of a plan until the number in shared memory, which the test sees too, is no longer 0.
 */
import { getEnvironmentData, type MessagePort, parentPort } from 'node:worker_threads';
import { emptyPlan } from '../run-fixture.js';
import type { FromPlanner, ToPlanner } from './planner-messages.js';

export const heldKey = 'held planner';

const port = parentPort as MessagePort | null;
const tell = (message: FromPlanner): void => port?.postMessage(message);

port?.on('message', ({ step }: ToPlanner) => {
  Atomics.wait(getEnvironmentData(heldKey) as unknown as Int32Array, 0, 0);
  tell({ kind: 'planned', plan: emptyPlan(step) });
});
tell({ kind: 'opened', datasetDigest: 'd', totalSteps: 20 });
