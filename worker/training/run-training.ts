/**
 * From a start message to committed steps, checkpoints and metrics: the training thread without
 * its port, so that it can be read and driven as a function.
 */
import { type CatalogueTexts, openDataset } from '../../dataset/dataset.js';
import { trainingView } from '../../dataset/training-view.js';
import { systemClock } from '../../shared/clock.js';
import { step } from '../../shared/ids.js';
import { jobDigest } from '../../shared/job-spec/job-digest.js';
import { laneRun, lanesOf } from '../../shared/plan/lane-ownership.js';
import type { LanePlan } from '../../shared/plan/lane-plan.js';
import { totalSteps as jobSteps } from '../../shared/plan/plan.js';
import { openArithmetic } from '../arithmetic/open-arithmetic.js';
import { readCheckpoint } from '../checkpoint/read-checkpoint.js';
import { weightsDigest } from '../checkpoint/weights-digest.js';
import type { Exchange } from '../collective/exchange.js';
import { openExchange } from '../collective/open-exchange.js';
import { openEngine } from '../engine/open-engine.js';
import { Hllm } from '../model/hllm.js';
import { initialWeights } from '../model/initial-weights.js';
import type { ItemFormat } from '../model/packed-items.js';
import { type BatchAssembler, startBatchAssembler } from './batch-assembler.js';
import { BatchInbox } from './batch-inbox.js';
import { Checkpoints } from './checkpoints.js';
import { evaluate } from './evaluate.js';
import { computation, modelConfig, optimizerSettings } from './from-job.js';
import type { FromTraining, TrainingStart } from './messages.js';
import type { OptimizerState } from './optimizer.js';
import { Trainer } from './trainer.js';

export class Training {
  readonly #start: TrainingStart;
  readonly #tell: (message: FromTraining) => void;
  readonly #exchange: Exchange;
  readonly #inbox: BatchInbox;
  /** Plans that came before the dataset was open. */
  readonly #early: LanePlan[] = [];
  #assembler: BatchAssembler | null = null;
  #stop = false;
  #committedSteps = 0;

  constructor(start: TrainingStart, tell: (message: FromTraining) => void) {
    this.#start = start;
    this.#tell = tell;
    this.#exchange = openExchange(start.links, {
      rank: start.rank,
      size: start.members,
      arithmetic: openArithmetic(),
    });
    const run = laneRun(start.rank, start.members, start.job.spec.lanes);
    this.#inbox = new BatchInbox(lanesOf(run), step(0));
  }

  get committedSteps(): number {
    return this.#committedSteps;
  }

  /** One lane of one step; every owned lane of a step must arrive, in any order. */
  plan(plan: LanePlan): void {
    if (this.#assembler === null) this.#early.push(plan);
    else this.#assembler.assemble(plan);
  }

  /** Ends after the step that is under way. */
  stop(): void {
    this.#stop = true;
  }

  /** Whatever waits for a batch or a peer fails now. */
  abort(reason: string): void {
    this.#inbox.fail(new Error(`Cannot go on training: ${reason}`));
    this.#exchange.abort(reason);
  }

  /** @throws whatever ended training early; the committed steps before it stand. */
  async run(): Promise<void> {
    try {
      await this.#run();
    } finally {
      await this.#assembler?.close();
    }
  }

  async #run(): Promise<void> {
    const { job, rank, resumeFrom, totalSteps } = this.#start;
    const { spec } = job;
    const dataset = await openDataset(this.#start.datasetDirectory, { verify: 'sizes' });
    const { name, threads, mode, precision } = spec.engine;
    const deterministic = mode === 'exact';
    await openEngine(name, { threads, deterministic, tf32: precision !== 'f32' });
    const model = new Hllm(modelConfig(job, dataset.vocabularySize), {
      computation: computation(job),
    });
    this.#assembler = this.#startAssembler(dataset, model.config);
    const digests = { jobDigest: jobDigest(job), datasetDigest: dataset.digest };
    const loaded = await this.#loadState(model, digests);
    const state = loaded.state;
    this.#committedSteps = loaded.committedSteps;

    const trainer = new Trainer({
      model,
      exchange: this.#exchange,
      arithmetic: openArithmetic(),
      clock: systemClock,
      optimizer: optimizerSettings(job, jobSteps(job, trainingView(dataset))),
      state,
      lanes: spec.lanes,
      committedSteps: loaded.committedSteps,
    });
    const checkpoints = new Checkpoints(
      {
        directory: this.#start.checkpointDirectory,
        everySteps: spec.checkpoint.everySteps,
        keep: spec.checkpoint.keep,
        clock: systemClock,
        onWritten: (committedSteps, path, seconds) =>
          this.#tell({ kind: 'checkpointed', committedSteps, path, seconds }),
      },
      resumeFrom === null ? null : { committedSteps: loaded.committedSteps, path: resumeFrom },
    );
    this.#tell({ kind: 'ready', step: step(loaded.committedSteps) });

    let finalLoss: number | null = null;
    let stopped = false;
    while (this.#committedSteps < totalSteps && !stopped) {
      const asked = systemClock.now();
      const batches = await this.#inbox.take(step(this.#committedSteps));
      const planSeconds = (systemClock.now() - asked) / 1000;
      const outcome = await trainer.step(batches, { stop: this.#stop, planSeconds });
      this.#committedSteps = trainer.committedSteps;
      finalLoss = outcome.report.loss;
      stopped = outcome.stop && this.#committedSteps < totalSteps;
      this.#tell({ kind: 'committed', report: outcome.report });
      const last = stopped || this.#committedSteps === totalSteps;
      if (rank === 0 && (last || checkpoints.isDue(this.#committedSteps))) {
        await checkpoints.start({
          committedSteps: this.#committedSteps,
          layout: model.layout,
          ...state,
          ...digests,
        });
      }
    }
    await checkpoints.settle();
    if (this.#start.evaluate && !stopped) {
      const results = await evaluate({
        dataset,
        model,
        exchange: this.#exchange,
        lanes: spec.lanes,
        maxLength: spec.data.sequences.maxLength,
        cutoffs: spec.evaluation.cutoffs,
        step: step(this.#committedSteps),
        onProgress: (done, total) => this.#tell({ kind: 'evaluating', done, total }),
      });
      this.#tell({ kind: 'evaluated', results });
    }
    this.#tell({
      kind: 'finished',
      committedSteps: this.#committedSteps,
      finalLoss,
      weightsSha256: weightsDigest(model.layout.entries, state.parameters),
      stopped,
      checkpoint: checkpoints.newest?.path ?? null,
    });
    model.dispose();
    this.#exchange.close();
  }

  #startAssembler(catalogue: CatalogueTexts, format: ItemFormat): BatchAssembler {
    const { itemTokens, itemTokenOffsets } = catalogue;
    const assembler = startBatchAssembler(
      { catalogue: { itemTokens, itemTokenOffsets }, format },
      {
        onBatch: (batch) => this.#inbox.put(batch),
        onFailure: (error) => this.#inbox.fail(error),
      },
    );
    for (const plan of this.#early.splice(0)) assembler.assemble(plan);
    return assembler;
  }

  async #loadState(
    model: Hllm,
    digests: { jobDigest: string; datasetDigest: string },
  ): Promise<{ state: OptimizerState; committedSteps: number }> {
    const { resumeFrom, job } = this.#start;
    if (resumeFrom !== null) {
      const { committedSteps, parameters, firstMoments, secondMoments } = await readCheckpoint(
        resumeFrom,
        digests,
        model.layout,
      );
      return { committedSteps, state: { parameters, firstMoments, secondMoments } };
    }
    const state = {
      parameters: initialWeights(model.layout, {
        seed: job.spec.seed,
        temperature: job.spec.objective.temperature.initial,
        deviation: job.spec.model.initializerRange,
      }),
      firstMoments: new Float32Array(model.layout.length),
      secondMoments: new Float32Array(model.layout.length),
    };
    return { committedSteps: 0, state };
  }
}
