/**
 * What one lane of one step trains on: the only thing that a worker needs to know about a step, and
 * nothing is random after it. It travels in two parts, since what all lanes of a step have in
 * common (the negatives above all) is by far the longer one: see shared/messages/step-plan-message.ts.
 *
 * Legend: V lanes, N distinct items of the step, K negatives, n items of this item lane,
 * U sequences of this user lane, M their total length, T their targets.
 */
import type { Lane, Step } from '../ids.js';

/** The same for every lane of a step. */
export interface SharedPart {
  readonly step: Step;
  /** V. */
  readonly lanes: number;
  /** Rows of the gathered item matrix: item lane v holds rows offsets[v]..offsets[v+1]. [V+1] */
  readonly itemLaneOffsets: Int32Array;
  /** Rows of the step's negatives, with repeats. [K] */
  readonly negatives: Int32Array;
}

/**
 * Items with labels, which follow the lane's sequences: what an objective learns to tell apart. Each
 * sequence is then the history that its targets follow, and all of it is read for them.
 */
export interface LaneTargets {
  /** Sequence u has targets offsets[u]..offsets[u+1]. [U+1] */
  readonly offsets: Int32Array;
  /** Rows of the gathered item matrix. [T] */
  readonly rows: Int32Array;
  /** 1 is what the user wants, 0 what the user does not; in [0, 1]. [T] */
  readonly labels: Float32Array;
  /**
   * Factor of every target's cross-entropy in this lane, as `lossScale` is of predictions: 1 / targets
   * of the step (`global`), or 1 / (lanes with targets x targets of this lane) (`lane`).
   */
  readonly scale: number;
}

/** What only this lane's owner needs. */
export interface LanePart {
  readonly step: Step;
  readonly lane: Lane;
  /** V. */
  readonly lanes: number;
  /** Catalogue ids of the items that this item lane encodes, shortest text first. [n] */
  readonly items: Int32Array;
  /** Which dataset user each sequence belongs to, shortest sequence first. [U] */
  readonly users: Int32Array;
  /** Sequence u is sequenceRows[offsets[u]..offsets[u+1]). [U+1] */
  readonly sequenceOffsets: Int32Array;
  /**
   * Rows of the gathered item matrix. The user model reads all but the last item of a sequence and
   * predicts all but the first, so a sequence of length L holds L-1 predictions. [M]
   */
  readonly sequenceRows: Int32Array;
  /**
   * Factor of every prediction's loss in this lane, so that the step's loss is the plain sum over
   * lanes: 1 / predictions of the step (`global`), or 1 / (lanes with predictions x predictions of
   * this lane) (`lane`).
   */
  readonly lossScale: number;
  /** Null for an objective that has none. */
  readonly targets: LaneTargets | null;
}

export interface LanePlan extends SharedPart, LanePart {}
