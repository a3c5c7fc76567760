/**
 * From a start message to committed steps, checkpoints and metrics: the training thread without
 * its port, so that it can be read and driven as a function.
 */
import { type CatalogueTexts, openDataset } from '../../dataset/dataset.js';
import { trainingView } from '../../dataset/training-view.js';
import { step } from '../../shared/ids.js';
import { jobDigest } from '../../shared/job-spec/job-digest.js';
import { readsLabels } from '../../shared/job-spec/rules/reads-labels.js';
import { lanesOf, sharesOf } from '../../shared/plan/lane-ownership.js';
import type { LanePlan } from '../../shared/plan/lane-plan.js';
import { stagesOf } from '../../shared/plan/stages.js';
import { openArithmetic } from '../arithmetic/open-arithmetic.js';
import { startCheckpointWriter } from '../checkpoint/checkpoint-writer.js';
import { checkpointPath } from '../checkpoint/store/open-checkpoint-store.js';
import { weightsDigest } from '../checkpoint/weights-digest.js';
import { ExchangeAbortedError } from '../collective/errors.js';
import type { Exchange } from '../collective/exchange.js';
import { openExchange } from '../collective/open-exchange.js';
import type { Cancellation } from '../engine/cancellation.js';
import { openEngine } from '../engine/open-engine.js';
import { finalEvaluation, type KeptCheckpoint } from '../evaluation/final-evaluation.js';
import type { Validation } from '../evaluation/validation.js';
import type { ItemFormat } from '../model/items/packed-items.js';
import { type BatchAssembler, startBatchAssembler } from './batches/batch-assembler.js';
import { BatchInbox } from './batches/batch-inbox.js';
import { modelConfig } from './from-job.js';
import type { FromTraining, TrainingStart } from './messages.js';
import { firstStage } from './stages/stage-states.js';
import type { TrainingContext } from './stages/training-context.js';
import { TrainingLoop } from './training-loop.js';

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
  #loop: TrainingLoop | null = null;
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
    const shares = sharesOf(start.shares);
    this.#exchange = openExchange(start.links, {
      rank: start.rank,
      shares,
      arithmetic: openArithmetic(),
    });
    this.#inbox = new BatchInbox(lanesOf(shares.run(start.rank)), step(0));
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
      await this.#loop?.close();
      // Its port would keep the thread alive.
      this.#exchange.close();
    }
  }

  async #run(): Promise<void> {
    const context = await this.#open();
    // Texts are packed alike in all stages.
    const format = modelConfig(this.#start.job, context.dataset.vocabularySize);
    this.#assembler = this.#startAssembler(context.dataset, format);
    const first = await firstStage(context);
    this.#committedSteps = first.trainer.committedSteps;
    const trains = this.#committedSteps < this.#start.totalSteps;
    const loop = await TrainingLoop.begin(
      {
        context,
        inbox: this.#inbox,
        startWriter: this.#startWriter,
        isStopWanted: () => this.#stop,
        onCommitted: (committedSteps) => {
          this.#committedSteps = committedSteps;
        },
        // Steps that no checkpoint will hold are not worth their time: the run hears of it now.
        onFailed: (error) => {
          this.#break(error);
          this.abort(error.message);
        },
      },
      first,
    );
    this.#loop = loop;
    this.#tell({ kind: 'ready', step: step(this.#committedSteps) });
    await loop.run();
    const kept = trains ? this.#bestOf(loop.current.validation) : null;
    await this.#finish(context, loop, kept);
    loop.current.model.dispose();
  }

  async #open(): Promise<TrainingContext> {
    const { job, datasetDirectory } = this.#start;
    const dataset = await openDataset(datasetDirectory, {
      verify: 'remembered',
      labels: readsLabels(job),
    });
    const { name, threads, mode, precision } = job.spec.engine;
    const engine = await openEngine(name, {
      threads,
      deterministic: mode === 'exact',
      tf32: precision !== 'f32',
      cancellation: this.#cancellation,
    });
    return {
      start: this.#start,
      dataset,
      engine,
      exchange: this.#exchange,
      stages: stagesOf(job, trainingView(dataset)),
      digests: { jobDigest: jobDigest(job), datasetDigest: dataset.digest },
      tell: this.#tell,
      pause: () => this.#pause(),
    };
  }

  /** Tells what training came to, evaluated where that is wanted. */
  async #finish(
    { digests }: TrainingContext,
    loop: TrainingLoop,
    best: KeptCheckpoint | null,
  ): Promise<void> {
    const { evaluator, model, state, validation } = loop.current;
    const { evaluate, resumeFrom, totalSteps } = this.#start;
    const committedSteps = this.#committedSteps;
    const weightsSha256 = await weightsDigest(state);
    let { stopped } = loop;
    const endedEarly = !stopped && committedSteps < totalSteps;
    this.#isLast = true;
    if (evaluate && !stopped) {
      const results = await this.#unlessStopped(() =>
        finalEvaluation({
          evaluator,
          model,
          state,
          digests,
          exchange: this.#exchange,
          step: step(committedSteps),
          validated: validation.rowsOf(committedSteps),
          best,
        }),
      );
      if (results === null) stopped = true;
      else this.#tell({ kind: 'evaluated', results });
    }
    this.#tell({
      kind: 'finished',
      committedSteps,
      finalLoss: loop.finalLoss,
      weightsSha256,
      stopped,
      endedEarly,
      stage: loop.current.stage.name,
      best,
      checkpoint: loop.newestCheckpoint ?? resumeFrom,
    });
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
    const { checkpointDirectory } = this.#start;
    return { ...best, checkpoint: checkpointPath(checkpointDirectory, best.committedSteps) };
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
}
