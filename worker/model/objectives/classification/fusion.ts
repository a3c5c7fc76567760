/**
 * How an objective brings a history and a target together: what stands behind the history, and what
 * the prediction head reads. The generative part reads the same rows: those of the history do not see
 * what stands behind them.
 *
 * Legend: U histories, T targets, H hidden size.
 */
import type { NamedShape } from '../../parameters/parameter-layout.js';
import type { UserRows, UserSequences } from '../../users/user-rows.js';

export interface Fusion {
  /** Beside the head's. */
  parameters(hidden: number): readonly NamedShape[];
  /** The parameter that `userToken` stands for; null where no row does. */
  readonly token: string | null;
  /** Whether the head reads the target's embedding beside a state of the user model. */
  readonly readsTarget: boolean;
  /** What the user model reads. Neither an empty history nor one without targets is an error. */
  fuse(histories: UserSequences, targets: UserSequences): FusedRows;
}

export interface FusedRows {
  readonly read: UserRows;
  /** The row in which each history begins. [U] */
  readonly historyRows: Int32Array;
  /** The row whose state the head reads for each target. [T] */
  readonly stateRows: Int32Array;
}
