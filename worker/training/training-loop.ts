/**
 * The steps of a training, stage after stage, with the evaluations and checkpoints between them. The
 * committed step is the only cursor: where it is, the stage and all else follow from the job.
 */
import { systemClock } from '../../shared/clock.js';
import { step } from '../../shared/ids.js';
import type { startCheckpointWriter } from '../checkpoint/checkpoint-writer.js';
import { setAsideCheckpoints } from '../checkpoint/set-aside-checkpoints.js';
import { openCheckpointStore } from '../checkpoint/store/open-checkpoint-store.js';
import { mayPublishBy } from '../checkpoint/store/publication-permit.js';
import type { CheckpointIdentity } from '../checkpoint/write-checkpoint.js';
import { meet } from '../collective/meet.js';
import type { StateLayout } from '../state/training-state.js';
import { stateBytes } from '../state/training-state.js';
import type { BatchInbox } from './batches/batch-inbox.js';
import type { LaneBatch } from './batches/lane-batch.js';
import { computation } from './from-job.js';
import type { RollBack } from './guard/after-collapse.js';
import type { Point } from './guard/guard-state.js';
import { TrainingCollapsedError } from './guard/training-collapsed-error.js';
import { Checkpoints } from './saving/checkpoints.js';
import { RecentSteps } from './saving/recent-steps.js';
import type { OpenStage } from './stages/open-stage.js';
import { nextStage, rolledBack } from './stages/stage-states.js';
import type { TrainingContext } from './stages/training-context.js';
import { memoryNotice } from './step/memory-notice.js';
import type { StepOptions, StepOutcome } from './step/trainer.js';

export interface LoopParts {
  readonly context: TrainingContext;
  readonly inbox: BatchInbox;
  readonly startWriter: typeof startCheckpointWriter;
  readonly isStopWanted: () => boolean;
  readonly onCommitted: (committedSteps: number) => void;
  /** Called when a checkpoint fails, not when the next one is due. */
  readonly onFailed: (error: Error) => void;
}

export class TrainingLoop {
  readonly #parts: LoopParts;
  readonly #recent: RecentSteps;
  #current: OpenStage;
  #checkpoints: Checkpoints | null = null;
  #committedAt = systemClock.now();
  /** Whether the stage's first step has come. */
  #hasBegun = false;
  #finalLoss: number | null = null;
  #stopped = false;

  private constructor(parts: LoopParts, first: OpenStage) {
    this.#parts = parts;
    this.#current = first;
    this.#recent = new RecentSteps(parts.context.start.checkpointDirectory);
  }

  static async begin(parts: LoopParts, first: OpenStage): Promise<TrainingLoop> {
    const loop = new TrainingLoop(parts, first);
    if (loop.#isLeft) await loop.#startCheckpoints();
    return loop;
  }

  /** The stage that the committed steps have led to. */
  get current(): OpenStage {
    return this.#current;
  }

  /** Loss of the last committed step; null where no step was trained. */
  get finalLoss(): number | null {
    return this.#finalLoss;
  }

  /** True where a stop request came before the last step. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** The newest checkpoint that was written; null where none was, or others write them. */
  get newestCheckpoint(): string | null {
    return this.#checkpoints?.newest ?? null;
  }

  /** Trains until the end, a stop or the end of the job's patience; all that it wrote is on disk then. */
  async run(): Promise<void> {
    this.#committedAt = systemClock.now();
    while (this.#isLeft && !this.#stopped && !this.#current.validation.isPatienceOver) {
      await this.#step();
    }
    await this.#checkpoints?.settle();
  }

  async close(): Promise<void> {
    await this.#checkpoints?.close();
  }

  get #committedSteps(): number {
    return this.#current.trainer.committedSteps;
  }

  get #everySteps(): number {
    return this.#parts.context.start.job.spec.checkpoint.everySteps;
  }

  /** A checkpoint of the committed steps, as a guard knows it. */
  get #point(): Point {
    const { best } = this.#current.validation;
    return { committedSteps: this.#committedSteps, best: best?.committedSteps ?? null };
  }

  get #isLeft(): boolean {
    return this.#committedSteps < this.#parts.context.start.totalSteps;
  }

  /** Whether the steps' number alone says that a checkpoint is due, or the last one. */
  #isCheckpointed(steps: number): boolean {
    return steps % this.#everySteps === 0 || steps === this.#parts.context.start.totalSteps;
  }

  async #step(): Promise<void> {
    if (!this.#hasBegun) await this.#prepare();
    const asked = systemClock.now();
    const batches = await this.#parts.inbox.take(step(this.#committedSteps));
    const planSeconds = (systemClock.now() - asked) / 1000;
    this.#noticeMemory(batches);
    const hashWhole = this.#isCheckpointed(this.#committedSteps + 1);
    const options = { stop: this.#parts.isStopWanted(), planSeconds, hashWhole };
    const outcome = await this.#train(batches, options);
    this.#tellCommitted(outcome);
    await this.#watch(outcome, batches);
    // Also before a stop: a run that goes on from here must know what one that never stopped knows.
    const improved = await this.#current.validation.after(this.#committedSteps);
    const isDue = this.#committedSteps % this.#everySteps === 0;
    if (isDue) this.#current.guard.checkpointDue(this.#point);
    const isBorder = this.#isLeft && this.#committedSteps === this.#current.stage.end;
    if (isBorder) await this.#cross();
    this.#committedAt = systemClock.now();
    const isLast = this.#stopped || !this.#isLeft || this.#current.validation.isPatienceOver;
    if (isLast || isBorder || improved || isDue) await this.#writeCheckpoint();
  }

  /** Shows the guard a committed step; what it says decides whether there is a next one. */
  async #watch({ report }: StepOutcome, batches: readonly LaneBatch[]): Promise<void> {
    const { guard } = this.#current;
    const collapsed = guard.after(report, negativesOf(batches));
    if (collapsed === null) return;
    const { finding, reaction } = collapsed;
    if (reaction.kind === 'stop') {
      await this.#leaveHealthy(reaction.at);
      throw new TrainingCollapsedError(this.#committedSteps, finding, reaction.at);
    }
    await this.#rollBack(reaction, finding.reason);
  }

  /** A step that fails because training has collapsed is trained again after a roll-back. */
  async #train(batches: readonly LaneBatch[], options: StepOptions): Promise<StepOutcome> {
    try {
      return await this.#current.trainer.step(batches, options);
    } catch (error) {
      const reaction = this.#current.guard.afterFailure(error, this.#committedSteps);
      if (reaction?.kind === 'stop') await this.#leaveHealthy(reaction.at);
      if (reaction?.kind !== 'roll-back') throw error;
      await this.#rollBack(reaction, (error as Error).message);
    }
    return this.#train(batches, options);
  }

  /** Goes on with the weights of a checkpoint, and with what the job says to change. */
  async #rollBack(rollBack: RollBack, reason: string): Promise<void> {
    const { context } = this.#parts;
    await this.#checkpoints?.settle();
    // From here on every member finds the checkpoint, and none still works at the step.
    await this.#meet(rollBack.state.collapses.length);
    this.#current = await rolledBack(context, this.#current, rollBack);
    const { objective, optimizer } = this.#current.stage.job.spec;
    context.tell({
      kind: 'rolled-back',
      committedSteps: this.#committedSteps,
      rolledBackTo: rollBack.to?.committedSteps ?? 0,
      reason,
      falseNegatives: objective.falseNegatives,
      learningRate: optimizer.learningRate,
    });
  }

  #meet(part: number): Promise<void> {
    return meet(this.#parts.context.exchange, {
      step: step(this.#committedSteps),
      phase: 'guard',
      part,
    });
  }

  /** Makes the last healthy checkpoint the newest one. */
  async #leaveHealthy(healthy: Point | null): Promise<void> {
    const { checkpointDirectory, rank } = this.#parts.context.start;
    await this.#checkpoints?.settle();
    if (rank === 0) await setAsideCheckpoints(checkpointDirectory, healthy?.committedSteps ?? 0);
    // The first member that fails ends the others: only once the folder is in order.
    await this.#meet(0);
  }

  #tellCommitted({ report, stop }: StepOutcome): void {
    const { context, onCommitted } = this.#parts;
    onCommitted(this.#committedSteps);
    this.#finalLoss = report.loss;
    this.#stopped = stop && this.#isLeft;
    const seconds = (systemClock.now() - this.#committedAt) / 1000;
    this.#recent.add(report, seconds, new Date().toISOString());
    context.tell({ kind: 'committed', report });
  }

  /** A checkpoint of a border is one of the stage that begins there. */
  async #cross(): Promise<void> {
    await this.#checkpoints?.settle();
    await this.#checkpoints?.close();
    this.#current = nextStage(this.#parts.context, this.#current);
    this.#hasBegun = false;
    await this.#startCheckpoints();
  }

  async #writeCheckpoint(): Promise<void> {
    if (this.#checkpoints === null) return;
    await this.#recent.write();
    await this.#checkpoints.start(this.#identity, this.#current.state);
  }

  /** Of a checkpoint of the committed steps. */
  get #identity(): CheckpointIdentity {
    const { guard, validation } = this.#current;
    return {
      committedSteps: this.#committedSteps,
      ...this.#parts.context.digests,
      best: validation.best ?? undefined,
      guard: guard.state ?? undefined,
    };
  }

  /** Rank 0 writes them, laid out as the stage is. */
  async #startCheckpoints(): Promise<void> {
    const { context, onFailed, startWriter } = this.#parts;
    const { checkpointDirectory: location, job, publication, rank } = context.start;
    if (rank !== 0) return;
    const layout: StateLayout = this.#current.model.layout;
    // Known before the first step, so said before it.
    await openCheckpointStore(location).prepare(stateBytes(layout));
    const { keep } = job.spec.checkpoint;
    this.#checkpoints = new Checkpoints({
      writer: startWriter(location, layout, publication),
      location,
      mayPublish: mayPublishBy(publication),
      keep,
      begun: this.#identity,
      clock: systemClock,
      onWritten: (committedSteps, path, seconds) =>
        context.tell({ kind: 'checkpointed', committedSteps, path, seconds }),
      onFailed,
    });
  }

  /** What a stage computes once; it is no part of its first step. */
  async #prepare(): Promise<void> {
    await this.#current.itemCache?.matrix();
    this.#committedAt = systemClock.now();
  }

  #noticeMemory(batches: readonly LaneBatch[]): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const { model, stage } = this.#current;
    const { engine, tell } = this.#parts.context;
    const text = memoryNotice(engine, model, computation(stage.job), batches);
    if (text !== null) tell({ kind: 'notice', text });
  }
}

/** Drawn for each prediction of the step. */
const negativesOf = (batches: readonly LaneBatch[]): number =>
  batches[0]?.plan.negatives.length ?? 0;
