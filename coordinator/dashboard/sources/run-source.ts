/** Where a run is known from: its folder, or the log that its coordinators keep. */
import type { Action, AuditState, LedgerState, Question, Recommendations } from '../data/api.js';
import type { RunModel } from '../data/run-model.js';

/** Asks a run's newest checkpoint. @throws where it cannot answer, with what to do */
export type Recommend = (question: Question) => Promise<Recommendations>;

/** What became of an action, in a sentence. */
export interface ActionOutcome {
  /** Whether whoever leads the run has taken it, or refused it, or has not said anything in time. */
  readonly kind: 'taken' | 'refused' | 'unanswered';
  readonly text: string;
}

export interface RunActions {
  /** @param by who asks, for people: it stands in the run's log */
  ask(action: Action, by: string): Promise<ActionOutcome>;
}

/** Audits a run, once at a time. */
export interface Audit {
  /** Of the last one. */
  readonly state: () => AuditState;
  /** Nothing where one is under way. */
  readonly begin: () => void;
}

/** What can be done with the folder of a run besides reading it. */
export interface FolderTools {
  readonly recommend: Recommend;
  readonly audit: Audit;
}

export interface RunSource {
  readonly model: RunModel;
  /** The job as it was resolved; null where it is not known. */
  readonly job: () => unknown;
  /** Where its folder is; null where it has none here. */
  readonly folder: string | null;
  /** Names of the processes whose logs can be read. */
  readonly logs: () => Promise<readonly string[]>;
  /** The last lines of a process's log, the oldest first; empty where there is none. */
  readonly logTail: (name: string, lines: number) => Promise<readonly string[]>;
  /** Null where this process has no model. */
  readonly recommend: Recommend | null;
  /** Null where nobody who leads it can be reached. */
  readonly actions: RunActions | null;
  /** Null where nobody can audit it here. */
  readonly audit: Audit | null;
  /** What its ledger comes to; null where there is none. Asked again, it goes on where it was. */
  readonly ledger: () => Promise<LedgerState | null>;
}

export interface RunSources {
  /** By id, in the order in which they are listed. */
  readonly runs: () => readonly RunSource[];
  readonly find: (id: string) => RunSource | null;
  /** Reads what is new: asked again and again, and soon done where nothing is. */
  readonly refresh: () => Promise<void>;
}
