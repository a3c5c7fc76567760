/**
 * From a start message to committed steps, checkpoints and metrics: the training thread without
 * its port, so that it can be read and driven as a function.
 */
import { join } from 'node:path';
import { type CatalogueTexts, openDataset } from '../../dataset/dataset.js';
import { trainingView } from '../../dataset/training-view.js';
import { systemClock } from '../../shared/clock.js';
import { step } from '../../shared/ids.js';
import { jobDigest } from '../../shared/job-spec/job-digest.js';
import { laneRun, lanesOf } from '../../shared/plan/lane-ownership.js';
import type { LanePlan } from '../../shared/plan/lane-plan.js';
import { totalSteps as jobSteps } from '../../shared/plan/plan.js';
import { requireRoom } from '../../storage/storage-error.js';
import { openArithmetic } from '../arithmetic/open-arithmetic.js';
import { checkpointName } from '../checkpoint/checkpoint-folder.js';
import { startCheckpointWriter } from '../checkpoint/checkpoint-writer.js';
import { readCheckpoint } from '../checkpoint/read-checkpoint.js';
import { readInitialWeights } from '../checkpoint/read-initial-weights.js';
import { weightsDigest } from '../checkpoint/weights-digest.js';
import { ExchangeAbortedError } from '../collective/errors.js';
import type { Exchange } from '../collective/exchange.js';
import { openExchange } from '../collective/open-exchange.js';
import type { Cancellation } from '../engine/cancellation.js';
import { openEngine } from '../engine/open-engine.js';
import type { BestSoFar } from '../evaluation/best-so-far.js';
import { Evaluator } from '../evaluation/evaluate.js';
import { finalEvaluation, type KeptCheckpoint } from '../evaluation/final-evaluation.js';
import { Validation } from '../evaluation/validation.js';
import { Hllm } from '../model/hllm.js';
import type { ItemFormat } from '../model/items/packed-items.js';
import { fillInitialWeights } from '../model/parameters/initial-weights.js';
import { isPretrained, loadTowers } from '../model/pretrained/pretrained-towers.js';
import { HostState } from '../state/host-state.js';
import { stateBytes } from '../state/training-state.js';
import { type BatchAssembler, startBatchAssembler } from './batches/batch-assembler.js';
import { BatchInbox } from './batches/batch-inbox.js';
import { computation, modelConfig, optimizerSettings } from './from-job.js';
import type { FromTraining, TrainingStart } from './messages.js';
import { Checkpoints } from './saving/checkpoints.js';
import { RecentSteps } from './saving/recent-steps.js';
import { memoryNotice } from './step/memory-notice.js';
import { Trainer } from './step/trainer.js';

/** Nobody wants the result of the last evaluation any more. */
class EvaluationStoppedError extends Error {
  override readonly name = 'EvaluationStoppedError';
}

export class Training {
  readonly #start: TrainingStart;
  readonly #tell: (message: FromTraining) => void;
  readonly #cancellation: Cancellation;
  readonly #startWriter: typeof startCheckpointWriter;
  readonly #exchange: Exchange;
  readonly #inbox: BatchInbox;
  /** Plans that came before the dataset was open. */
  readonly #early: LanePlan[] = [];
  #assembler: BatchAssembler | null = null;
  #checkpoints: Checkpoints | null = null;
  readonly #broken: Promise<never>;
  /** Ends training with an error that did not come out of a step. */
  #break: (error: Error) => void = () => undefined;
  #stop = false;
  /** Every step is done and in a checkpoint: what is left may be given up at any moment. */
  #isLast = false;
  #committedSteps = 0;

  constructor(
    start: TrainingStart,
    tell: (message: FromTraining) => void,
    cancellation: Cancellation,
    startWriter: typeof startCheckpointWriter = startCheckpointWriter,
  ) {
    this.#startWriter = startWriter;
    this.#start = start;
    this.#tell = tell;
    this.#cancellation = cancellation;
    this.#exchange = openExchange(start.links, {
      rank: start.rank,
      size: start.members,
      arithmetic: openArithmetic(),
    });
    const run = laneRun(start.rank, start.members, start.job.spec.lanes);
    this.#inbox = new BatchInbox(lanesOf(run), step(0));
    this.#broken = new Promise((_, reject) => {
      this.#break = reject;
    });
  }

  get committedSteps(): number {
    return this.#committedSteps;
  }

  /** One lane of one step; every owned lane of a step must arrive, in any order. */
  plan(plan: LanePlan): void {
    if (this.#assembler === null) this.#early.push(plan);
    else this.#assembler.assemble(plan);
  }

  /** Ends after the step that is under way; the last evaluation ends at once. */
  stop(): void {
    this.#stop = true;
    // Nobody sends what this member would wait for: the others are asked to stop too.
    if (this.#isLast) this.#exchange.close();
  }

  /** Whatever waits for a batch or a peer fails now. */
  abort(reason: string): void {
    this.#inbox.fail(new Error(`Cannot go on training: ${reason}`));
    this.#exchange.abort(reason);
  }

  /** @throws whatever ended training early; the committed steps before it stand. */
  async run(): Promise<void> {
    try {
      await Promise.race([this.#run(), this.#broken]);
    } finally {
      await this.#assembler?.close();
      await this.#checkpoints?.close();
      // Its port would keep the thread alive.
      this.#exchange.close();
    }
  }

  async #run(): Promise<void> {
    const { job, rank, resumeFrom, totalSteps } = this.#start;
    const { spec } = job;
    const dataset = await openDataset(this.#start.datasetDirectory, { verify: 'remembered' });
    const { name, threads, mode, precision } = spec.engine;
    const deterministic = mode === 'exact';
    const engine = await openEngine(name, {
      threads,
      deterministic,
      tf32: precision !== 'f32',
      cancellation: this.#cancellation,
    });
    const model = new Hllm(modelConfig(job, dataset.vocabularySize), {
      computation: computation(job),
    });
    this.#assembler = this.#startAssembler(dataset, model.config);
    const digests = { jobDigest: jobDigest(job), datasetDigest: dataset.digest };
    const { state, committedSteps, best } = await this.#loadState(model, digests);
    this.#committedSteps = committedSteps;
    const writes = rank === 0 && committedSteps < totalSteps;
    const checkpoints = writes ? await this.#startCheckpoints(model.layout) : null;
    this.#checkpoints = checkpoints;

    const trainer = new Trainer({
      model,
      exchange: this.#exchange,
      arithmetic: openArithmetic(),
      clock: systemClock,
      optimizer: optimizerSettings(job, jobSteps(job, trainingView(dataset))),
      state,
      lanes: spec.lanes,
      committedSteps,
    });
    const recent = new RecentSteps(this.#start.checkpointDirectory);
    this.#tell({ kind: 'ready', step: step(committedSteps) });

    const evaluator = new Evaluator({
      dataset,
      model,
      exchange: this.#exchange,
      lanes: spec.lanes,
      maxLength: spec.data.sequences.maxLength,
      ...spec.evaluation,
      onProgress: (done, total) => this.#tell({ kind: 'evaluating', done, total }),
      pause: () => this.#pause(),
    });
    const validation = new Validation({ spec, totalSteps, evaluator, best, tell: this.#tell });
    const trains = committedSteps < totalSteps;
    let finalLoss: number | null = null;
    let stopped = false;
    let committedAt = systemClock.now();
    while (this.#committedSteps < totalSteps && !stopped && !validation.isPatienceOver) {
      const asked = systemClock.now();
      const batches = await this.#inbox.take(step(this.#committedSteps));
      const planSeconds = (systemClock.now() - asked) / 1000;
      if (this.#committedSteps === committedSteps) {
        const text = memoryNotice(engine, model, computation(job), batches);
        if (text !== null) this.#tell({ kind: 'notice', text });
      }
      const outcome = await trainer.step(batches, { stop: this.#stop, planSeconds });
      this.#committedSteps = trainer.committedSteps;
      finalLoss = outcome.report.loss;
      stopped = outcome.stop && this.#committedSteps < totalSteps;
      const seconds = (systemClock.now() - committedAt) / 1000;
      recent.add(outcome.report, seconds, new Date().toISOString());
      this.#tell({ kind: 'committed', report: outcome.report });
      // Also before a stop: a run that goes on from here must know what one that never stopped knows.
      const improved = await validation.after(this.#committedSteps);
      committedAt = systemClock.now();
      const last = stopped || this.#committedSteps === totalSteps || validation.isPatienceOver;
      if (checkpoints !== null && (last || improved || checkpoints.isDue(this.#committedSteps))) {
        recent.write();
        const identity = { committedSteps: this.#committedSteps, ...digests };
        await checkpoints.start({ ...identity, best: validation.best ?? undefined }, state);
      }
    }
    await checkpoints?.settle();
    const weightsSha256 = await weightsDigest(state);
    const kept = trains ? this.#bestOf(validation) : null;
    const endedEarly = !stopped && this.#committedSteps < totalSteps;
    this.#isLast = true;
    if (this.#start.evaluate && !stopped) {
      const results = await this.#unlessStopped(() =>
        finalEvaluation({
          evaluator,
          model,
          state,
          digests,
          exchange: this.#exchange,
          step: step(this.#committedSteps),
          validated: validation.rowsOf(this.#committedSteps),
          best: kept,
        }),
      );
      if (results === null) stopped = true;
      else this.#tell({ kind: 'evaluated', results });
    }
    this.#tell({
      kind: 'finished',
      committedSteps: this.#committedSteps,
      finalLoss,
      weightsSha256,
      stopped,
      endedEarly,
      best: kept,
      checkpoint: checkpoints?.newest ?? resumeFrom,
    });
    model.dispose();
  }

  /** Between batches of an evaluation: lets the thread hear what it was told meanwhile. */
  async #pause(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#isLast && this.#stop) throw new EvaluationStoppedError();
  }

  /** Null where it was given up because of a stop. */
  async #unlessStopped<Result>(work: () => Promise<Result>): Promise<Result | null> {
    try {
      return this.#stop ? null : await work();
    } catch (error) {
      const givenUp =
        error instanceof EvaluationStoppedError || error instanceof ExchangeAbortedError;
      if (this.#stop && givenUp) return null;
      throw error;
    }
  }

  #bestOf({ best }: Validation): KeptCheckpoint | null {
    if (best === null) return null;
    const name = checkpointName(best.committedSteps);
    return { ...best, checkpoint: join(this.#start.checkpointDirectory, name) };
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

  async #startCheckpoints(layout: Hllm['layout']): Promise<Checkpoints> {
    const { checkpointDirectory: directory, job } = this.#start;
    // Known before the first step, so said before it.
    await requireRoom('a checkpoint', directory, stateBytes(layout));
    const { everySteps, keep } = job.spec.checkpoint;
    return new Checkpoints({
      writer: this.#startWriter(directory, layout),
      directory,
      everySteps,
      keep,
      clock: systemClock,
      onWritten: (committedSteps, path, seconds) =>
        this.#tell({ kind: 'checkpointed', committedSteps, path, seconds }),
      // Steps that no checkpoint will hold are not worth their time: the run hears of it now.
      onFailed: (error) => {
        this.#break(error);
        this.abort(error.message);
      },
    });
  }

  async #loadState(
    { layout }: Hllm,
    digests: { jobDigest: string; datasetDigest: string },
  ): Promise<{ state: HostState; committedSteps: number; best: BestSoFar | null }> {
    const { resumeFrom, job } = this.#start;
    const zeros = HostState.zeros(layout);
    if (resumeFrom !== null) {
      const { committedSteps, best } = await readCheckpoint(resumeFrom, digests, zeros);
      return { committedSteps, state: zeros, best };
    }
    const { init } = job.spec;
    if (init?.weightsSha256 !== undefined) {
      await readInitialWeights({ from: init.from, weightsSha256: init.weightsSha256 }, zeros);
      return { committedSteps: 0, state: zeros, best: null };
    }
    const { pretrained } = this.#start;
    const initialisation = {
      seed: job.spec.seed,
      temperature: job.spec.objective.temperature.initial,
      deviation: job.spec.model.initializerRange,
    };
    fillInitialWeights(layout, zeros.parameters, initialisation, (name) =>
      isPretrained(pretrained, name),
    );
    await loadTowers(pretrained, zeros);
    return { committedSteps: 0, state: zeros, best: null };
  }
}
