import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resolveJob, type TrainingJob } from '../../shared/job-spec/job-spec.js';
import { NoLiveNegativesError } from '../../worker/model/objectives/generative/no-live-negatives-error.js';
import { shopInMemory } from './shop.js';
import { type DatasetInMemory, trainInMemory } from './train-in-memory.js';

const shop = (): DatasetInMemory =>
  shopInMemory({ items: 400, users: 300, history: 12, boilerplate: 45 });

/** Nothing but defaults, besides `spec`. */
const jobOf = (spec: object): TrainingJob =>
  resolveJob({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'shop' },
    spec: { data: { path: 'shop' }, duration: { steps: 50 }, ...spec },
  });

describe('live negatives', () => {
  // Would catch a mask by likeness of embeddings as the default: at the start all cosines of texts
  // that share their greater part lie above 0.99, every negative is masked, and the loss of all
  // steps is 0.0000.
  it('remain where texts share their greater part, and the loss falls honestly', async () => {
    const losses: number[] = [];
    for (const report of await trainInMemory(jobOf({}), shop(), 8)) {
      losses.push(report.loss);
      // 512 draws out of 400 items hold each text 1.3 times.
      const least = report.measures.least_live_negatives as number;
      assert.ok(least > 500, `${least} live negatives`);
    }
    const [first, last] = [losses[0] as number, losses.at(-1) as number];
    assert.ok(Math.abs(first - Math.log(512)) < 0.1, `first loss ${first}`);
    assert.ok(last < first - 0.5 && last > 1, `last loss ${last}`);
  });

  // Would catch a comparison with the reference whose mask is another one. This is what its loss
  // looks like on such texts before anything has been learnt.
  it('are almost all gone by cosine at the start', async () => {
    const job = jobOf({ objective: { falseNegatives: 'cosine' } });
    const [report] = await trainInMemory(job, shop(), 1);
    assert.ok(report !== undefined && report.loss < 0.1);
    assert.ok((report.measures.live_negatives as number) < 1);
  });

  // Would catch a run that goes on to its end, and to exit code 0, where nothing can be learnt.
  it('stop the run where none is left', async () => {
    const job = jobOf({ objective: { falseNegatives: 'cosine', falseNegativeThreshold: 0.9 } });
    await assert.rejects(trainInMemory(job, shop(), 1), NoLiveNegativesError);
  });

  // Would catch a run that has diverged and looks perfect.
  it('leave a diverged run its bad loss', async () => {
    const job = jobOf({ engine: { precision: 'bf16' }, optimizer: { learningRate: 1 } });
    for (const { loss, measures } of await trainInMemory(job, shop(), 4)) {
      const least = measures.least_live_negatives as number;
      assert.ok(loss > 5 && least > 500, `${loss} with ${least}`);
    }
  });
});
