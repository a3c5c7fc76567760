/** What one leadership of a run works with: for its rooms that hear, form generations, watch and end. */
import type { BusLog, BusValues } from '../../../shared/bus.js';
import type { WorkerId } from '../../../shared/ids.js';
import type { Happening } from '../../../shared/messages/cluster/log-entry.js';
import type { Millis } from '../../../shared/units.js';
import type { ClusterMemory } from '../../membership/cluster-memory.js';
import type { ClusterView } from '../../membership/cluster-view.js';
import type { PlanPublisher } from '../../plans/plan-publisher.js';
import type { LogWriter } from '../../record/log-writer.js';
import type { RunEnd, RunState } from '../../record/run-state.js';
import type { CoordinatorParts, Prepared } from '../coordinator-parts.js';
import type { FactRecorder } from './fact-recorder.js';
import type { LeadVoice } from './lead-voice.js';
import type { RecordKeeper } from './record-keeper.js';
import type { StepRecorder } from './step-recorder.js';
import type { TrainingWatch } from './training-watch.js';

export interface RunLeaderGiven {
  readonly parts: CoordinatorParts;
  readonly prepared: Prepared;
  readonly fence: number;
  readonly values: BusValues;
  readonly log: BusLog;
  /** What the log comes to, and the sequence of its newest entry. */
  readonly state: RunState;
  readonly last: number;
  readonly now: Millis;
  /** For how long the leader before has given no sign of life; 0 where there was none. */
  readonly silentFor: Millis;
  readonly onDeposed: (reason: string) => void;
  /** Stored, said, and heard by whoever was there. */
  readonly onOver: (end: RunEnd) => void;
}

export interface Leadership {
  readonly given: RunLeaderGiven;
  readonly records: RecordKeeper;
  readonly memory: ClusterMemory;
  readonly writer: LogWriter;
  readonly voice: LeadVoice;
  readonly plans: PlanPublisher;
  readonly steps: StepRecorder;
  readonly facts: FactRecorder;
  readonly watch: TrainingWatch;
  /** The newest reading of the clock that it is told. */
  readonly now: Millis;
  /** The run as it will be when everything that was appended is stored. */
  readonly ahead: RunState;
  /** The run as it is stored. */
  readonly stored: RunState;
  /** Nothing can be appended any more, as where somebody has removed the log: the end is said without it. */
  readonly isUnrecorded: boolean;
  /** Somebody else leads, or the process ends. */
  readonly isClosed: boolean;
  /** The run has ended, whether that is stored yet or not. */
  readonly hasEnded: boolean;
  /** Paused, and all that was published is trained and recorded. */
  readonly stands: boolean;
  /** The cluster as it is now. */
  view(): ClusterView;
  /** @returns the sequence that the entry will have */
  append(entry: Happening): number;
  /** For people: in this process's log and in the run's. */
  notice(text: string): void;
  /** Ends the run. */
  fail(code: string, message: string, worker: WorkerId | null): void;
  failWith(error: Error): void;
  /** Stops acting. */
  close(): void;
}
