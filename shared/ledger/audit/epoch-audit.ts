/**
 * Whom the steps of a ledger trained, epoch by epoch: in every epoch each sequence once, and nobody
 * else. It keeps one number for each user.
 */
import { stepsPerEpoch } from '../../plan/plan.js';
import type { Stage } from '../../plan/stages.js';
import { sequenceCut, sequencesOfUsers } from '../../plan/training-sequences.js';
import { type Differences, usersText } from './differences.js';
import { EpochUsers } from './epoch-users.js';

export interface EpochParts {
  readonly stages: readonly Stage[];
  /** Of the training part of the dataset. [users + 1] */
  readonly sequenceOffsets: Uint32Array;
  readonly differences: Differences;
}

interface StageUsers {
  readonly stage: Stage;
  readonly stepsPerEpoch: number;
  /** Who have something to train on. */
  readonly users: number;
  /** Of an epoch. */
  readonly sequences: number;
  readonly left: EpochUsers;
}

interface OpenEpoch {
  readonly of: StageUsers;
  readonly epoch: number;
  readonly firstStep: number;
  /** False where some of its steps are not recorded, so that nobody can tell who is missing. */
  whole: boolean;
  /** Nothing was found wrong with its users so far. */
  clean: boolean;
}

export interface EpochSummary {
  /** In which every sequence was trained exactly once. */
  readonly epochs: number;
  /** Steps of the last epoch, where it is not over; else 0. */
  readonly openSteps: number;
  /** Who have something to train on in the stage of the last step. */
  readonly users: number;
  /** Of an epoch of that stage. */
  readonly sequences: number;
}

export class EpochAudit {
  readonly #parts: EpochParts;
  #stage: StageUsers;
  #open: OpenEpoch | null = null;
  #epochs = 0;

  constructor(parts: EpochParts) {
    this.#parts = parts;
    this.#stage = this.#usersOf(parts.stages[0] as Stage);
  }

  /** Steps were trained of which nobody knows on whom. */
  missed(): void {
    if (this.#open !== null) this.#open.whole = false;
  }

  /**
   * A step that comes behind all those before it.
   *
   * @param recorded the epoch that its record names
   * @param lanes rows of the dataset, by lane
   */
  train(step: number, recorded: number, lanes: readonly Int32Array[]): void {
    const { differences, stages } = this.#parts;
    const stage = stages.find(({ end }) => step < end);
    if (stage === undefined) {
      differences.add('steps', step, `the job has ${stages.at(-1)?.end ?? 0} steps`);
      return;
    }
    const before = differences.count;
    const open = this.#enter(stage, step);
    if (recorded !== open.epoch) {
      const text = `it is recorded in epoch ${recorded}: the job has it in epoch ${open.epoch}`;
      differences.add('epoch', step, text);
    }
    for (const [lane, users] of lanes.entries()) this.#take(step, lane, users, open);
    if (differences.count > before) open.clean = false;
  }

  /** After the last step. @param recorded steps */
  end(recorded: number): EpochSummary {
    const done = this.#open === null ? 0 : recorded - this.#open.firstStep;
    const { users, sequences, stepsPerEpoch: all } = this.#stage;
    if (done >= all) this.#close();
    return { epochs: this.#epochs, openSteps: done >= all ? 0 : done, users, sequences };
  }

  #take(step: number, lane: number, users: Int32Array, { of, epoch }: OpenEpoch): void {
    const foreign: number[] = [];
    const again: number[] = [];
    for (const user of users) {
      const taken = of.left.take(user);
      if (taken === 'foreign') foreign.push(user);
      else if (taken === 'again') again.push(user);
    }
    const { differences } = this.#parts;
    if (foreign.length > 0) {
      const text = `lane ${lane}: ${usersText(foreign)}: the dataset has nothing to train there`;
      differences.add('foreign-user', step, text);
    }
    if (again.length > 0) {
      const text = `lane ${lane}: ${usersText(again)}: trained before in epoch ${epoch}`;
      differences.add('user-again', step, text);
    }
  }

  /** The epoch that a step is in; the one before it is over. */
  #enter(stage: Stage, step: number): OpenEpoch {
    const open = this.#open;
    if (open?.of.stage === stage && step < open.firstStep + open.of.stepsPerEpoch) return open;
    this.#close();
    if (this.#stage.stage !== stage) this.#stage = this.#usersOf(stage);
    const of = this.#stage;
    const epoch = Math.floor((step - stage.start) / of.stepsPerEpoch);
    const firstStep = stage.start + epoch * of.stepsPerEpoch;
    of.left.begin();
    this.#open = { of, epoch, firstStep, whole: step === firstStep, clean: true };
    return this.#open;
  }

  #close(): void {
    const open = this.#open;
    this.#open = null;
    if (open === null || !open.whole) return;
    const { of, epoch, firstStep } = open;
    const end = firstStep + of.stepsPerEpoch;
    // The last epoch of a stage may be a part of one.
    if (end > of.stage.end) return;
    const { count, first } = of.left.missing();
    if (count > 0) {
      const text = `epoch ${epoch}: ${usersText(first, count)}: not trained, or not often enough`;
      this.#parts.differences.add('user-missing', end - 1, text);
    } else if (open.clean) {
      this.#epochs++;
    }
  }

  #usersOf(stage: Stage): StageUsers {
    const { sequenceOffsets } = this.#parts;
    const counts = sequencesOfUsers(sequenceOffsets, sequenceCut(stage.job));
    return {
      stage,
      stepsPerEpoch: stepsPerEpoch(stage.job, { sequenceOffsets }),
      users: counts.reduce((sum, count) => sum + Math.min(1, count), 0),
      sequences: counts.reduce((sum, count) => sum + count, 0),
      left: new EpochUsers(counts),
    };
  }
}
