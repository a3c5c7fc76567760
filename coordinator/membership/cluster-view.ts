/** What a leader knows of its workers when it decides: values only, no clock and no socket. */
import type { WorkerId } from '../../shared/ids.js';
import type { GenerationRecord } from '../../shared/membership/generation-record.js';
import type { WorkerStatus } from '../../shared/messages/cluster/from-worker.js';
import type { Millis } from '../../shared/units.js';

export interface SeenWorker {
  readonly worker: WorkerId;
  /** The newest one, of the newest incarnation. */
  readonly status: WorkerStatus;
  /** When it said something last. */
  readonly heardAt: Millis;
  /** When its situation changed last: another phase or position, or more bytes of a copy. */
  readonly movedAt: Millis;
  /** The last generation that it was seen to train in; null where it has not been. */
  readonly trainedIn: number | null;
  /** Since when it can be made a member; null while it cannot. */
  readonly standingSince: Millis | null;
}

/** Links between two living members that broke. */
export interface LinkBreak {
  /** Of both names, whoever complained: in order. */
  readonly pair: readonly [WorkerId, WorkerId];
  readonly at: Millis;
  /** In which it broke. */
  readonly generation: number;
}

/** Somebody that members complained of, and that is asked whether it lives. */
export interface Suspect {
  readonly worker: WorkerId;
  readonly since: Millis;
  /** The ping that it must answer. */
  readonly ping: number;
}

export interface ClusterView {
  /** The newest in the store; null before the first. */
  readonly record: GenerationRecord | null;
  /** When it was formed, and when it got its start; of an older leader's: when this one began. */
  readonly formedAt: Millis;
  readonly startedAt: Millis | null;
  /** Since when this leader listens: who has said nothing yet is silent since then. */
  readonly since: Millis;
  readonly workers: ReadonlyMap<WorkerId, SeenWorker>;
  /** The newest ping that was sent. */
  readonly ping: number;
  readonly suspects: readonly Suspect[];
  readonly breaks: readonly LinkBreak[];
  /** Until when each is left out. */
  readonly leftOut: ReadonlyMap<WorkerId, Millis>;
  /** When lanes were dealt by speed last. */
  readonly dealtAt: Millis;
  /** Who goes on training while a planned generation forms; null where nobody does. */
  readonly trainedBy: { readonly generation: number; readonly workers: readonly WorkerId[] } | null;
  readonly facts: {
    /** Steps that stand in the log, or of which a report is here: a start may lie as far. */
    readonly reportedSteps: number;
    /** Some member had trained already. */
    readonly hasTrained: boolean;
    readonly stopping: boolean;
    /**
     * The run is paused, and every member is behind its last step: none works at one, and none comes to
     * another step's end. Whatever changes, changes at once.
     */
    readonly stands: boolean;
    /** A run that begins must begin at the seed, whatever checkpoints lie about. */
    readonly fromSeed: boolean;
    /** The longest of the recent steps; null before the first. */
    readonly longestStep: Millis | null;
  };
}

export interface WorkersWanted {
  /** As many as a run that begins should have. */
  readonly replicas: number;
  readonly min: number;
  readonly max: number;
  readonly lanes: number;
  readonly shares: 'even' | 'speed';
}
