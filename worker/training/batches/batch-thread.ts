/** The thread that assembles batches: plans come in, batches go out, in the same order. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { LanePlan } from '../../../shared/plan/lane-plan.js';
import type { BatchThreadStart } from './batch-assembler.js';
import { assembleBatch } from './lane-batch.js';

const { catalogue, format } = workerData as BatchThreadStart;
const port = parentPort as MessagePort;

port.on('message', (plan: LanePlan) => {
  const batch = assembleBatch(plan, catalogue, format);
  const { tokens, positions } = batch.items;
  port.postMessage(batch, [tokens.buffer as ArrayBuffer, positions.buffer as ArrayBuffer]);
});
