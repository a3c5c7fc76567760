import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { step } from '../../../shared/ids.js';
import { tinyModel } from '../../model/tiny-model.js';
import { tinyPlan } from '../../model/tiny-step.js';
import { startBatchAssembler } from './batch-assembler.js';
import { assembleBatch, type LaneBatch } from './lane-batch.js';

/** Seven items of one to four tokens. */
const catalogue = {
  itemTokens: new Int32Array(new SharedArrayBuffer(4 * 16)),
  itemTokenOffsets: Uint32Array.of(0, 1, 2, 3, 5, 7, 10, 14),
};
catalogue.itemTokens.forEach((_, index) => {
  catalogue.itemTokens[index] = index;
});

describe('the batch assembler', () => {
  // Would catch batches out of order, and a thread that makes other batches than the function.
  it('makes on its thread what the function makes, in the order asked for', async () => {
    const batches: LaneBatch[] = [];
    const plans = [0, 1, 2].map((at) => ({ ...tinyPlan, step: step(at) }));
    await new Promise<void>((resolve, reject) => {
      const assembler = startBatchAssembler(
        { catalogue, format: tinyModel },
        {
          onBatch: (batch) => {
            batches.push(batch);
            if (batches.length === plans.length) assembler.close().then(resolve, reject);
          },
          onFailure: reject,
        },
      );
      for (const plan of plans) assembler.assemble(plan);
    });
    assert.deepEqual(
      batches,
      plans.map((plan) => assembleBatch(plan, catalogue, tinyModel)),
    );
  });

  // Would catch a run that waits for ever for a batch that nobody makes any more.
  it('reports why it ended', async () => {
    const error = await new Promise<Error>((resolve, reject) => {
      const assembler = startBatchAssembler(
        { catalogue, format: tinyModel },
        { onBatch: () => reject(new Error('made a batch of no plan')), onFailure: resolve },
      );
      assembler.assemble({ ...tinyPlan, items: null as unknown as Int32Array });
    });
    assert.match(error.message, /^Cannot assemble batches: /);
  });
});
