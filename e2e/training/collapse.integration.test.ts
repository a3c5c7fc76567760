/** Trainings that collapse, as people have seen HLLM do it, and trainings that do not. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resolveJob, type TrainingJob } from '../../shared/job-spec/job-spec.js';
import { Guard } from '../../worker/training/guard/guard.js';
import type { StepReport } from '../../worker/training/messages.js';
import { shopInMemory } from './shop.js';
import { trainInMemory } from './train-in-memory.js';

const negatives = 128;
const shop = shopInMemory({ items: 100, users: 64, history: 8, boilerplate: 12 });
const decoder = { hiddenSize: 32, layers: 1, heads: 2, intermediateSize: 64 };

interface Given {
  readonly seed?: number;
  readonly falseNegatives?: 'text' | 'cosine';
  readonly learningRate?: number;
  readonly warmupSteps?: number;
  readonly initializerRange?: number;
}

function jobOf(given: Given): TrainingJob {
  const { seed = 1, falseNegatives = 'text', learningRate = 0.003, warmupSteps = 10 } = given;
  // By default so wide that texts that share their greater part begin apart, for the mask by cosine.
  const { initializerRange = 0.1 } = given;
  return resolveJob({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'shop' },
    spec: {
      seed,
      data: { path: 'shop' },
      model: { item: decoder, user: decoder, initializerRange },
      objective: { negatives: { total: negatives }, falseNegatives },
      optimizer: { learningRate, schedule: { kind: 'constant', warmupSteps } },
      batch: { sequences: 16 },
      duration: { steps: 120 },
      lanes: 2,
      engine: { name: 'torch', threads: 1 },
    },
  });
}

interface Watched {
  readonly reports: StepReport[];
  readonly notices: string[];
  /** Committed steps when a collapse was certain; null where it never was. */
  readonly certainAt: number | null;
  readonly error: Error | null;
}

async function watch(given: Given, steps: number): Promise<Watched> {
  const job = jobOf(given);
  const notices: string[] = [];
  const guard = new Guard({
    job,
    stageStart: 0,
    trainedLength: 30_000,
    state: null,
    notice: (text) => notices.push(text),
  });
  const reports: StepReport[] = [];
  let certainAt: number | null = null;
  const end = trainInMemory(job, shop, steps, (report) => {
    reports.push(report);
    if (certainAt !== null) return;
    const look = guard.look({ report, negatives });
    guard.take(look);
    if (look.collapsed !== null) certainAt = report.step + 1;
  });
  const error = await end.then(
    () => null,
    (failure: Error) => failure,
  );
  return { reports, notices, certainAt, error };
}

/** Committed steps from which on something holds. */
const onsetOf = (reports: readonly StepReport[], holds: (report: StepReport) => boolean): number =>
  (reports.find(holds)?.step ?? Number.NaN) + 1;

/** How soon a collapse must be told: the mask needs some twenty steps to take the rest. */
const soon = 50;

describe('a collapse', () => {
  // Would catch HLLM's: while the learning rate climbs, the loss falls to nearly nothing and looks better
  // than ever, because the mask takes 126 negatives down to a few, and then to none.
  it('of the mask by cosine is warned of, and certain before the last negative is gone', async (context) => {
    const given = { falseNegatives: 'cosine', learningRate: 0.2, warmupSteps: 60 } as const;
    const { reports, notices, certainAt, error } = await watch(given, 120);
    const live = ({ measures }: StepReport): number => measures.live_negatives as number;
    const onset = onsetOf(reports, (report) => live(report) < negatives / 2);
    const last = reports.at(-1) as StepReport;
    context.diagnostic(
      `onset at ${onset}, certain at ${certainAt}, the end at ${reports.length} with a loss of ` +
        `${last.loss.toFixed(3)} and ${live(last).toFixed(1)} of ${negatives} negatives`,
    );
    assert.ok(live(reports[0] as StepReport) > 120);
    assert.ok(certainAt !== null && certainAt >= onset && certainAt - onset < soon);
    assert.match(
      notices[0] ?? '',
      /^training may be collapsing after \d+ steps: only [\d.]+ of 128 negatives are held against a/,
    );
    // What the guard came before.
    assert.match(String(error), /NoLiveNegativesError/);
    assert.ok(last.loss < 0.5 && certainAt < reports.length);
  });

  // Would catch a training at which no mask is at fault: the items fall into one point at a rate that is
  // far too high, and the loss stays that of a guess.
  it('of the embeddings is certain soon after they have moved together', async (context) => {
    const { reports, notices, certainAt } = await watch(
      { learningRate: 0.2, initializerRange: 0.02 },
      80,
    );
    const onset = onsetOf(reports, ({ step, itemCosine }) => step > 20 && itemCosine > 0.99);
    context.diagnostic(`onset at ${onset}, certain at ${certainAt}`);
    assert.ok(certainAt !== null && certainAt >= onset && certainAt - onset < soon);
    assert.match(notices[0] ?? '', /embeddings of all items have moved together/);
  });
});

describe('a training that learns', () => {
  // Would catch a guard that cries at warm-ups, at spikes of small batches, at a mask that does its work, or
  // at a model that knows its data by heart in the end.
  it('is never warned of, whatever its seed', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const falseNegatives = seed % 2 === 0 ? 'cosine' : 'text';
      const { reports, notices, certainAt, error } = await watch({ seed, falseNegatives }, 60);
      assert.deepEqual([notices, certainAt, error], [[], null, null], `seed ${seed}`);
      const [first, last] = [reports[0], reports.at(-1)] as [StepReport, StepReport];
      assert.ok(last.loss < first.loss / 2, `seed ${seed}: ${first.loss} to ${last.loss}`);
    }
  });
});
