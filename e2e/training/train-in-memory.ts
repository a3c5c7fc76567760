/** For tests: the steps of a job on a dataset in memory, with one member and nothing around it. */
import { systemClock } from '../../shared/clock.js';
import { lane, rank, step } from '../../shared/ids.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import { evenShares } from '../../shared/plan/lane-ownership.js';
import { lanePlan, totalSteps } from '../../shared/plan/plan.js';
import type { PlanDataset } from '../../shared/plan/plan-input.js';
import { Planner } from '../../shared/plan/planner.js';
import { openArithmetic } from '../../worker/arithmetic/open-arithmetic.js';
import { openExchange } from '../../worker/collective/open-exchange.js';
import { openEngine } from '../../worker/engine/open-engine.js';
import { Hllm } from '../../worker/model/hllm.js';
import { initialWeights } from '../../worker/model/parameters/initial-weights.js';
import { assembleBatch } from '../../worker/training/batches/lane-batch.js';
import {
  computation,
  modelConfig,
  optimizerSettings,
  whatTrains,
} from '../../worker/training/from-job.js';
import type { StepReport } from '../../worker/training/messages.js';
import { Trainer } from '../../worker/training/step/trainer.js';

export interface DatasetInMemory extends PlanDataset {
  readonly vocabularySize: number;
}

/**
 * The reports of the job's first `steps` steps.
 *
 * @param onStep sees each when it is committed, also of a training that fails later
 */
export async function trainInMemory(
  job: TrainingJob,
  dataset: DatasetInMemory,
  steps: number,
  onStep: (report: StepReport) => void = () => undefined,
): Promise<StepReport[]> {
  const { spec } = job;
  const { name, threads, precision } = spec.engine;
  await openEngine(name, { threads, deterministic: true, tf32: precision !== 'f32' });
  const model = new Hllm(modelConfig(job, dataset.vocabularySize), {
    computation: computation(job),
    trains: whatTrains(job),
  });
  const arithmetic = openArithmetic();
  const trainer = new Trainer({
    model,
    arithmetic,
    exchange: openExchange(null, { rank: rank(0), shares: evenShares(1, spec.lanes), arithmetic }),
    clock: systemClock,
    optimizer: optimizerSettings(job, totalSteps(job, dataset)),
    state: {
      parameters: initialWeights(model.layout, {
        seed: spec.seed,
        temperature: spec.objective.temperature.initial,
        deviation: spec.model.initializerRange,
      }),
      firstMoments: new Float32Array(model.layout.trainedLength),
      secondMoments: new Float32Array(model.layout.trainedLength),
    },
    committedSteps: 0,
  });
  const planner = new Planner(job, dataset);
  const reports: StepReport[] = [];
  for (let at = 0; at < steps; at++) {
    const plan = planner.plan(step(at));
    const batches = Array.from({ length: spec.lanes }, (_, index) =>
      assembleBatch(lanePlan(plan, lane(index)), dataset, model.config),
    );
    const { report } = await trainer.step(batches);
    reports.push(report);
    onStep(report);
  }
  model.dispose();
  return reports;
}
