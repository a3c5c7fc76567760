/**
 * The steps of a training among the members of one generation, with what follows each of them. The
 * committed step is the only cursor: where it is, the stage and all else follow from the job. What
 * follows a commit changes nothing until all of it is done, so that it can be done again by others.
 */
import { systemClock } from '../../shared/clock.js';
import { step } from '../../shared/ids.js';
import type { Millis } from '../../shared/units.js';
import { checkpointName } from '../checkpoint/checkpoint-folder.js';
import { setAsideCheckpoints } from '../checkpoint/set-aside-checkpoints.js';
import { meet } from '../collective/meet.js';
import type { Evaluator } from '../evaluation/evaluate.js';
import type { Validated } from '../evaluation/validation.js';
import type { BatchInbox } from './batches/batch-inbox.js';
import type { LaneBatch } from './batches/lane-batch.js';
import { computation } from './from-job.js';
import type { Membership } from './generations/membership.js';
import { muster } from './generations/muster.js';
import { CheckpointLostError } from './generations/read-together.js';
import { rollBackTogether } from './generations/roll-back-together.js';
import { committedStep, type Look } from './guard/guard.js';
import type { Point } from './guard/guard-state.js';
import { TrainingCollapsedError } from './guard/training-collapsed-error.js';
import type { Held } from './held/held.js';
import type { Pending } from './held/state-header.js';
import type { Fact } from './messages.js';
import type { Saving } from './saving/saving.js';
import { openTrainer } from './stages/open-stage.js';
import { nextStage } from './stages/stage-states.js';
import type { TrainingContext } from './stages/training-context.js';
import { memoryNotice } from './step/memory-notice.js';
import type { Wishes } from './step/step-statistics.js';
import type { StepOptions, StepOutcome, Trainer } from './step/trainer.js';

/** Somebody wants a checkpoint of at least so many committed steps; null where nobody does, or it is seen to. */
export interface CheckpointWish {
  steps: number | null;
}

export interface LoopParts {
  readonly context: TrainingContext;
  readonly membership: Membership;
  readonly held: Held;
  readonly inbox: BatchInbox;
  readonly saving: Saving;
  /** What this member was asked for by now. */
  readonly wishes: () => Wishes;
  readonly checkpointWish: CheckpointWish;
  /** Called where the state is whole and stays as it is for a moment. */
  readonly onBoundary: () => void;
  readonly tell: (fact: Fact) => void;
}

/** How the steps of a generation end; errors are the other ways. */
export type LoopEnd = 'done' | 'change';

/** What is worth a checkpoint besides the committed steps themselves. */
interface Occasion {
  readonly improved: boolean;
  readonly isBorder: boolean;
}

export class TrainingLoop {
  readonly #parts: LoopParts;
  #trainer: Trainer;
  #committedAt = systemClock.now();
  /** Since when it waits for the batches of a step: the state is whole, and nothing is to follow. */
  #waitsSince: Millis | null = null;
  #isPaused = false;
  /** A checkpoint that is begun while it waits: no step moves the state before it is copied. */
  #between: Promise<void> | null = null;
  /** Every member has the embeddings of the stage's frozen items. */
  #hasItems = false;
  /** The newest planned generation that any member has heard of. */
  #change = 0;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#trainer = this.#openTrainer();
  }

  /** Trains until the end, a stop, the end of the job's patience, or a planned change. */
  async run(): Promise<LoopEnd> {
    const { held, membership, saving } = this.#parts;
    if (membership.writes && this.#isLeft) await saving.open(held);
    const { stopping, checkpoint } = await muster(membership, held);
    held.stopping ||= stopping;
    if (held.pending !== null) await this.#follow(held.pending);
    else if (this.#isDue && checkpoint < held.committedSteps) await this.#writeCheckpoint();
    this.#committedAt = systemClock.now();
    while (!this.#isOver && !this.#isChanging) await this.#step();
    return this.#isChanging ? 'change' : 'done';
  }

  /** Of the stage that the steps have led to. */
  get evaluator(): Evaluator {
    const { held, membership } = this.#parts;
    return held.current.evaluator.among(membership.exchange);
  }

  /** What a stage computes once, before whatever needs it first; it is no part of a step. */
  async prepare(): Promise<void> {
    if (this.#hasItems) return;
    const { held, membership } = this.#parts;
    const tag = () => membership.tag(held.committedSteps, 'item-cache');
    await held.current.itemCache?.fill(membership.exchange, tag);
    this.#hasItems = true;
    this.#committedAt = systemClock.now();
  }

  get #isLeft(): boolean {
    return this.#parts.held.committedSteps < this.#parts.context.start.totalSteps;
  }

  get #isOver(): boolean {
    const { current, stopping } = this.#parts.held;
    return stopping || !this.#isLeft || current.validation.isPatienceOver;
  }

  get #isChanging(): boolean {
    return this.#change > this.#parts.membership.generation;
  }

  /** By the committed steps alone, a checkpoint should be there. */
  get #isDue(): boolean {
    const { context, held } = this.#parts;
    const { committedSteps, current, trains } = held;
    if (!trains || committedSteps === 0) return false;
    const isBorder = committedSteps === current.stage.start;
    const isBest = current.validation.best?.committedSteps === committedSteps;
    const { everySteps } = context.start.job.spec.checkpoint;
    return committedSteps % everySteps === 0 || isBorder || isBest || this.#isOver;
  }

  /** Whether the steps' number alone says that a checkpoint is due, or the last one. */
  #isCheckpointed(steps: number): boolean {
    const { job, totalSteps } = this.#parts.context.start;
    return steps % job.spec.checkpoint.everySteps === 0 || steps === totalSteps;
  }

  async #step(): Promise<void> {
    const { held, membership, onBoundary, wishes } = this.#parts;
    await this.prepare();
    // A member that waits for nobody, and has its batches, would not hear a word from step to step.
    await this.#parts.context.pause();
    membership.requireInside();
    onBoundary();
    const { batches, planSeconds } = await this.#takeBatches();
    this.#noticeMemory(batches);
    const hashWhole = this.#isCheckpointed(held.committedSteps + 1);
    const outcome = await this.#train(batches, { ...wishes(), planSeconds, hashWhole });
    this.#commit(outcome);
    const { report, work } = outcome;
    const pending: Pending = { kind: 'look', step: committedStep(report, negativesOf(batches)) };
    held.pending = pending;
    this.#parts.tell({ kind: 'committed', report, work });
    membership.requireInside();
    await this.#follow(pending);
  }

  async #takeBatches(): Promise<{ batches: readonly LaneBatch[]; planSeconds: number }> {
    const { held, inbox, membership } = this.#parts;
    this.#waitsSince = systemClock.now();
    // Whoever was told of the wish while the last step lasted has not heard that it is due.
    this.hearWish();
    try {
      const batches = await inbox.take(step(held.committedSteps), membership.lanes);
      // The plan may be here before the word that the pause is over.
      if (this.#isPaused) this.#forgetWait();
      return { batches, planSeconds: (systemClock.now() - this.#waitsSince) / 1000 };
    } finally {
      this.#waitsSince = null;
      if (this.#between !== null) await this.#between;
      this.#between = null;
    }
  }

  pause(paused: boolean): void {
    if (!paused) this.#forgetWait();
    this.#isPaused = paused;
  }

  /** The wait for a plan was a pause: it is no part of the step. */
  #forgetWait(): void {
    if (this.#waitsSince === null) return;
    this.#waitsSince = this.#committedAt = systemClock.now();
  }

  /** Writes the checkpoint that somebody wishes, where nothing is under way; else the step's end comes. */
  hearWish(): void {
    const { checkpointWish, held, inbox, membership, saving, tell } = this.#parts;
    const wish = checkpointWish.steps;
    if (wish === null || this.#waitsSince === null || this.#between !== null) return;
    if (!membership.writes || held.committedSteps < wish) return;
    // Whoever told of it tells again where nothing comes of it.
    checkpointWish.steps = null;
    if (saving.isWriting(wish)) return;
    const { checkpoint } = held;
    if (checkpoint !== null && checkpoint.committedSteps >= wish) {
      // Known, and perhaps not to this run: training went on from it.
      tell({ kind: 'checkpointed', ...checkpoint, seconds: 0 });
      return;
    }
    this.#between = this.#writeCheckpoint();
    this.#between.catch((error: Error) => inbox.fail(error));
  }

  /** A step that fails because training has collapsed is trained again after a roll-back. */
  async #train(batches: readonly LaneBatch[], options: StepOptions): Promise<StepOutcome> {
    const { held } = this.#parts;
    try {
      return await this.#trainer.step(batches, options);
    } catch (error) {
      const reaction = held.current.guard.afterFailure(error, held.committedSteps);
      if (reaction?.kind === 'stop') await this.#leaveHealthy(reaction.at);
      if (reaction?.kind !== 'roll-back') throw error;
      const { to, state } = reaction;
      held.pending = { kind: 'roll-back', to, state, reason: (error as Error).message };
      await this.#rollBack(held.pending);
      held.pending = null;
    }
    return this.#train(batches, options);
  }

  #commit({ report, stop, change }: StepOutcome): void {
    const { held } = this.#parts;
    held.committedSteps = this.#trainer.committedSteps;
    held.finalLoss = report.loss;
    // Nothing is stopped by a wish that comes with the last step.
    held.stopping = stop && this.#isLeft;
    this.#change = Math.max(this.#change, change);
    const seconds = (systemClock.now() - this.#committedAt) / 1000;
    held.recent.add(report, seconds, new Date().toISOString());
  }

  /** Does what is to be done before the next step: also before a stop, or a change of the members. */
  async #follow(pending: Pending): Promise<void> {
    const { held, membership } = this.#parts;
    if (pending.kind === 'roll-back') {
      await this.#rollBack(pending);
      held.pending = null;
      return;
    }
    const look = pending.kind === 'look' ? await this.#watch(pending) : null;
    if (held.current.validation.isDue(held.committedSteps)) await this.prepare();
    const { validation } = held.current;
    const validated = await validation.evaluate(held.committedSteps, this.evaluator);
    const isBorder = this.#isLeft && held.committedSteps === held.current.stage.end;
    if (isBorder && membership.writes) await this.#parts.saving.retire();
    const occasion = this.#parts.context.cancellation.shield(() =>
      this.#settle(look, validated, isBorder),
    );
    if (isBorder && membership.writes) await this.#parts.saving.open(held);
    this.#committedAt = systemClock.now();
    this.#parts.onBoundary();
    const { everySteps } = this.#parts.context.start.job.spec.checkpoint;
    const isRegular = held.committedSteps % everySteps === 0;
    if (isRegular || this.#isOver || occasion.improved || occasion.isBorder) {
      await this.#writeCheckpoint();
    }
  }

  /** Shows the guard a committed step. Null where it had the weights rolled back. */
  async #watch({ step: committed }: Extract<Pending, { kind: 'look' }>): Promise<Look | null> {
    const { held } = this.#parts;
    const look = held.current.guard.look(committed);
    if (look.collapsed === null) return look;
    const { finding, reaction } = look.collapsed;
    if (reaction.kind === 'stop') {
      await this.#leaveHealthy(reaction.at);
      throw new TrainingCollapsedError(held.committedSteps, finding, reaction.at);
    }
    await this.#rollBack({ ...reaction, reason: finding.reason });
    held.pending = { kind: 'evaluate' };
    return null;
  }

  /** Without a wait in it: the position is the one before, or the one after, and nothing between. */
  #settle(look: Look | null, validated: Validated | null, isBorder: boolean): Occasion {
    const { context, held } = this.#parts;
    const { guard, validation } = held.current;
    if (look !== null) guard.take(look);
    const improved = validated !== null && validation.take(validated);
    const { everySteps } = context.start.job.spec.checkpoint;
    if (held.committedSteps % everySteps === 0) guard.checkpointDue(held.point);
    if (isBorder) {
      held.current = nextStage(context, held.current);
      this.#beginStage();
    }
    held.pending = null;
    return { improved, isBorder };
  }

  /** Goes on with the weights of a checkpoint, and with what the job says to change. */
  async #rollBack(
    rollBack: Pick<Extract<Pending, { kind: 'roll-back' }>, 'to' | 'state' | 'reason'>,
  ): Promise<void> {
    const { context, held, membership, saving, tell } = this.#parts;
    await saving.settle();
    // From here on every member that can finds the checkpoint, and none still works at the step.
    await this.#meet();
    held.isWhole = false;
    try {
      held.current = await rollBackTogether(context, membership, held, rollBack);
    } catch (error) {
      if (error instanceof CheckpointLostError) await this.#leaveOlder(error.committedSteps);
      throw error;
    }
    held.isWhole = true;
    held.collapses++;
    this.#beginStage();
    const { objective, optimizer } = held.current.stage.job.spec;
    tell({
      kind: 'rolled-back',
      committedSteps: held.committedSteps,
      collapses: held.collapses,
      rolledBackTo: rollBack.to?.committedSteps ?? 0,
      reason: rollBack.reason,
      falseNegatives: objective.falseNegatives,
      learningRate: optimizer.learningRate,
    });
  }

  #meet(): Promise<void> {
    const { held, membership } = this.#parts;
    return meet(membership.exchange, membership.tag(held.committedSteps, 'guard'));
  }

  /** Makes the last healthy checkpoint the newest one. */
  async #leaveHealthy(healthy: Point | null): Promise<void> {
    const { context, membership, saving } = this.#parts;
    const { checkpointDirectory } = context.start;
    await saving.settle();
    if (membership.writes) {
      await setAsideCheckpoints(checkpointDirectory, healthy?.committedSteps ?? 0);
    }
    // The first member that fails ends the others: only once the folder is in order.
    await this.#meet();
  }

  /** Whoever goes on from the newest checkpoint must come by the lost one again. */
  async #leaveOlder(lost: number): Promise<void> {
    const { context, membership, tell } = this.#parts;
    const setAside = () => setAsideCheckpoints(context.start.checkpointDirectory, lost);
    if (membership.writes) await setAside();
    if (membership.rank === 0) {
      tell({
        kind: 'notice',
        text:
          `${checkpointName(lost)}, which training must go back to, can be read by no member: ` +
          'it goes on from an older checkpoint, and comes by that step again',
      });
    }
    // Who is gone meanwhile has set aside what is its own: all that is left to do is each member's own.
    await this.#meet().catch(() => undefined);
    if (!membership.writes) await setAside();
  }

  async #writeCheckpoint(): Promise<void> {
    const { held, membership, saving, tell } = this.#parts;
    if (!membership.writes) return;
    await saving.open(held);
    await saving.start(held, tell);
  }

  /** The stage has other weights, or is another. */
  #beginStage(): void {
    this.#hasItems = false;
    this.#trainer = this.#openTrainer();
  }

  #openTrainer(): Trainer {
    const { context, held, membership } = this.#parts;
    return openTrainer(context, held.current, membership.exchange, held.committedSteps);
  }

  #noticeMemory(batches: readonly LaneBatch[]): void {
    const { context, held, tell } = this.#parts;
    const { model, stage } = held.current;
    if (held.noticed.has(stage.index)) return;
    held.noticed.add(stage.index);
    const text = memoryNotice(context.engine, model, computation(stage.job), batches);
    if (text !== null) tell({ kind: 'notice', text });
  }
}

/** Drawn for each prediction of the step. */
const negativesOf = (batches: readonly LaneBatch[]): number =>
  batches[0]?.plan.negatives.length ?? 0;
