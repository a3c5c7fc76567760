/**
 * Batches are made some steps ahead on a thread of their own, while the training thread computes: it
 * finds them in its inbox when a step begins.
 */
import { Worker } from 'node:worker_threads';
import type { CatalogueTexts } from '../../../dataset/dataset.js';
import type { LanePlan } from '../../../shared/plan/lane-plan.js';
import type { ItemFormat } from '../../model/items/packed-items.js';
import type { LaneBatch } from './lane-batch.js';

export interface BatchThreadStart {
  /** In shared memory: the thread reads it where it is. */
  readonly catalogue: CatalogueTexts;
  readonly format: ItemFormat;
}

export interface BatchAssembler {
  /** Asks for a lane's batch; batches come in the order in which they were asked for. */
  assemble(plan: LanePlan): void;
  close(): Promise<void>;
}

export interface BatchHandlers {
  readonly onBatch: (batch: LaneBatch) => void;
  /** The thread has ended; there will be no more batches. */
  readonly onFailure: (error: Error) => void;
}

export function startBatchAssembler(
  start: BatchThreadStart,
  { onBatch, onFailure }: BatchHandlers,
): BatchAssembler {
  const thread = new Worker(new URL('./batch-thread.js', import.meta.url), {
    workerData: start,
    name: 'batches',
  });
  thread.on('message', onBatch);
  thread.on('error', (cause) => {
    onFailure(new Error(`Cannot assemble batches: ${cause.message}`, { cause }));
  });
  return {
    assemble: (plan) => thread.postMessage(plan),
    close: async () => {
      await thread.terminate();
    },
  };
}
