/**
 * The state that a member holds, with all that makes its position: it lives for the run, and belongs
 * to whichever generation the member is in. Nothing but a commit moves its cursor.
 */
import type { Position } from '../../../shared/membership/position.js';
import type { FoundCheckpoint } from '../../../shared/messages/report-fields.js';
import type { HostState } from '../../state/host-state.js';
import type { Point } from '../guard/guard-state.js';
import type { SharedState } from '../messages.js';
import { RecentSteps } from '../saving/recent-steps.js';
import type { OpenStage } from '../stages/open-stage.js';
import { stageOfCheckpoint, stageOfMember, stageOfSeed } from '../stages/stage-states.js';
import type { TrainingContext } from '../stages/training-context.js';
import {
  decodeStateHeader,
  encodeStateHeader,
  type Pending,
  type StateHeader,
  StateHeaderError,
} from './state-header.js';

interface Cursor {
  readonly committedSteps: number;
  readonly collapses: number;
}

export class Held {
  /** The stage that the committed steps have led to. */
  current: OpenStage;
  committedSteps: number;
  /** Roll-backs of the run. */
  collapses: number;
  /** Null where everything that follows the last commit is done. */
  pending: Pending | null;
  /** The newest that is known to be written. */
  checkpoint: FoundCheckpoint | null;
  /**
   * False while the weights are being replaced by a roll-back, and from there on if that is given up:
   * the position says that it is to be done, and whoever goes on from it does it anew.
   */
  isWhole = true;
  /** Loss of the last committed step; null where no step was trained. */
  finalLoss: number | null;
  /** All members have agreed to stop before the last step. */
  stopping: boolean;
  /** Whether the run had steps to train when it began. */
  readonly trains: boolean;
  readonly recent: RecentSteps;
  /** Places of the stages whose need of memory has been looked at. */
  readonly noticed = new Set<number>();

  constructor(
    { start }: TrainingContext,
    current: OpenStage,
    { committedSteps, collapses }: Cursor,
    header: Partial<StateHeader> = {},
  ) {
    this.current = current;
    this.committedSteps = committedSteps;
    this.collapses = collapses;
    this.pending = header.pending ?? null;
    this.checkpoint = header.checkpoint ?? null;
    this.finalLoss = header.finalLoss ?? null;
    this.stopping = header.stopping ?? false;
    this.trains = header.trains ?? committedSteps < start.totalSteps;
    this.recent = new RecentSteps(start.checkpointDirectory, header.recent);
  }

  static async ofSeed(context: TrainingContext): Promise<Held> {
    const begin = { committedSteps: 0, collapses: 0 };
    return new Held(context, await stageOfSeed(context), begin);
  }

  /** @throws CheckpointError */
  static async ofCheckpoint(context: TrainingContext, path: string): Promise<Held> {
    const { current, committedSteps } = await stageOfCheckpoint(context, path);
    const collapses = current.guard.state?.collapses.length ?? 0;
    const checkpoint = { committedSteps, path };
    return new Held(context, current, { committedSteps, collapses }, { checkpoint });
  }

  /** @param state the copied sections @throws StateHeaderError */
  static ofMember(
    context: TrainingContext,
    { position, header: json }: Pick<SharedState, 'position' | 'header'>,
    state: HostState,
  ): Held {
    const header = decodeStateHeader(json);
    if (position.settled !== (header.pending === null)) {
      throw new StateHeaderError(
        'says something else of what is still to be done than its position',
      );
    }
    return new Held(context, stageOfMember(context, header, state), position, header);
  }

  get position(): Position {
    const { committedSteps, collapses } = this;
    return { committedSteps, collapses, settled: this.pending === null };
  }

  /** A checkpoint of the committed steps, as a guard knows it. */
  get point(): Point {
    const { best } = this.current.validation;
    return { committedSteps: this.committedSteps, best: best?.committedSteps ?? null };
  }

  /** For whoever copies it: the sections are those that training goes on with. */
  get shared(): SharedState {
    const { parameters, firstMoments, secondMoments } = this.current.state;
    return {
      position: this.position,
      header: this.#header,
      sections: { parameters, firstMoments, secondMoments },
    };
  }

  get #header(): string {
    const { stage, guard, validation } = this.current;
    return encodeStateHeader({
      stage: stage.index,
      best: validation.best,
      validated: validation.newest,
      guard: guard.state,
      pending: this.pending,
      checkpoint: this.checkpoint,
      finalLoss: this.finalLoss,
      trains: this.trains,
      stopping: this.stopping,
      recent: this.recent.lines,
    });
  }
}
