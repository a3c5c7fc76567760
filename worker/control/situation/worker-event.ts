/** What a worker hears, and what it can do about it: data on both sides. */
import type { GenerationRecord } from '../../../shared/membership/generation-record.js';
import type { Position } from '../../../shared/membership/position.js';
import type { Lead } from '../../../shared/messages/cluster/from-leader.js';
import type { Trouble } from '../../../shared/messages/cluster/from-worker.js';
import type { Millis } from '../../../shared/units.js';
import type { WorkerEnd } from './worker-situation.js';

/** What a run's log says last. */
export interface LogEnd {
  /** Null while its last word is none of an end. */
  readonly over: Lead['over'];
  /** The newest generation under way that its last entries name; null where they name none. */
  readonly generation: number | null;
}

export type WorkerEvent =
  /** Somebody leads a run of the job. */
  | { readonly kind: 'run-found' }
  /** Dataset and engine are open. */
  | { readonly kind: 'opened' }
  /** The thread has gone through a step alone, or has given it up. */
  | { readonly kind: 'warmed' }
  | { readonly kind: 'lead'; readonly lead: Lead }
  /** Nobody led, and the run's log was read. */
  | { readonly kind: 'log-read'; readonly askedAt: Millis; readonly end: LogEnd }
  /** The newest checkpoint that it can read is known, or that there is none. */
  | { readonly kind: 'looked' }
  /** The thread has loaded what it was told to. */
  | { readonly kind: 'loaded'; readonly position: Position }
  /** The state has moved while training goes on. */
  | { readonly kind: 'moved'; readonly position: Position }
  /** The thread is in no generation any more. */
  | {
      readonly kind: 'left';
      readonly generation: number;
      readonly position: Position | null;
      /** At the end of a step, as all others do; left out: before it. */
      readonly planned?: boolean;
    }
  | { readonly kind: 'finished'; readonly generation: number; readonly stopped: boolean }
  /** The last checkpoint is written, or there was nothing that one could hold. */
  | { readonly kind: 'saved'; readonly isWritten: boolean }
  | { readonly kind: 'failed'; readonly end: WorkerEnd }
  /** The failure stands in the run's log. */
  | { readonly kind: 'failure-heard' }
  | { readonly kind: 'linked'; readonly generation: number }
  | { readonly kind: 'link-trouble'; readonly generation: number; readonly trouble: Trouble }
  | { readonly kind: 'copy-moved'; readonly copy: number }
  | { readonly kind: 'copied'; readonly copy: number; readonly position: Position }
  | {
      readonly kind: 'copy-failed';
      readonly copy: number;
      /** The holder has not got it yet: nothing is wrong with it. */
      readonly early: boolean;
      readonly detail: string;
    }
  /** Asked to end in order. */
  | { readonly kind: 'drain' }
  /** Told to end at once. */
  | { readonly kind: 'abort'; readonly reason: string }
  /** The process stood still for this long: others may have gone on without it. */
  | { readonly kind: 'woke'; readonly after: Millis }
  | { readonly kind: 'tick' };

export type Action =
  /** Find dataset and weights, open the engine. */
  | { readonly kind: 'prepare' }
  /** Nothing is published from now on, until a leader confirms a generation. */
  | { readonly kind: 'revoke-permit' }
  | { readonly kind: 'renew-permit'; readonly generation: number; readonly fence: number }
  /** Find the newest checkpoint that can be read. */
  | { readonly kind: 'look' }
  /** Go through a step alone, while others train behind these. */
  | { readonly kind: 'warm-up'; readonly committedSteps: number }
  /** `null`: the weights that the job begins with. */
  | { readonly kind: 'load'; readonly committedSteps: number | null }
  | {
      readonly kind: 'copy';
      readonly copy: number;
      readonly generation: number;
      readonly holder: string;
      readonly address: string;
      /** What the holder must have. */
      readonly wanted: WantedState;
    }
  | { readonly kind: 'cancel-copy'; readonly copy: number }
  /** Links and plans of a generation, while the one before trains or its state is on its way. */
  | { readonly kind: 'prepare-generation'; readonly record: GenerationRecord }
  /** It was prepared, and will never begin. */
  | { readonly kind: 'forget-generation'; readonly generation: number }
  | { readonly kind: 'connect'; readonly record: GenerationRecord }
  | { readonly kind: 'drop-links'; readonly generation: number }
  | { readonly kind: 'enter'; readonly record: GenerationRecord }
  /** The thread leaves its generation at the end of a step, with all others. */
  | { readonly kind: 'change'; readonly generation: number }
  /** The thread leaves its generation before its next kernel. */
  | { readonly kind: 'abort-training'; readonly generation: number; readonly reason: string }
  | { readonly kind: 'stop-training' }
  /** The thread's wait for a plan is a pause, or was one until now. */
  | { readonly kind: 'tell-pause'; readonly paused: boolean }
  /** The thread writes a checkpoint of at least so many steps, if it has none. */
  | { readonly kind: 'write-checkpoint'; readonly steps: number }
  /** Writes a checkpoint of the state that it holds; nobody else is known to. */
  | { readonly kind: 'save' }
  | { readonly kind: 'notice'; readonly text: string }
  /** The thread will not come back: the process cannot end in order. */
  | { readonly kind: 'kill'; readonly reason: string }
  | { readonly kind: 'end'; readonly end: WorkerEnd };

export type WantedState =
  | { readonly kind: 'position'; readonly position: Position }
  | { readonly kind: 'checkpoint'; readonly committedSteps: number };
