/**
 * What operators ask of a run through the dashboard of any of its coordinators. It is said over the bus to whoever
 * leads, as commands say it, again and again until the run's log has the answer: so a request outlives a
 * change of the leader, and what was taken stands in the account of the run.
 */
import type { Bus } from '../../shared/bus.js';
import { operatorLine } from '../../shared/history/operator-lines.js';
import { stopRequestInterval } from '../../shared/limits.js';
import {
  type ControlMessage,
  encodeControl,
  newRequestId,
} from '../../shared/messages/cluster/control.js';
import type { Happening, LogEntry } from '../../shared/messages/cluster/log-entry.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { controlSubject } from '../../shared/subjects.js';
import { type Millis, millis } from '../../shared/units.js';
import type { Action } from '../dashboard/data/api.js';
import { sentence } from '../dashboard/data/words.js';
import type { ActionOutcome, RunActions } from '../dashboard/sources/run-source.js';

/** A leader that is lost is followed by another one before that. */
export const answerTimeout: Millis = millis(20_000);

interface Asked {
  /** Null for a stop, of which there is one. */
  readonly id: string | null;
  readonly settle: (outcome: ActionOutcome) => void;
}

export class RunRequests implements RunActions {
  readonly #bus: Bus;
  readonly #run: RunAddress;
  readonly #asked = new Set<Asked>();

  constructor(bus: Bus, run: RunAddress) {
    this.#bus = bus;
    this.#run = run;
  }

  ask(action: Action, by: string): Promise<ActionOutcome> {
    const id = action.kind === 'stop' ? null : newRequestId();
    const message: ControlMessage =
      action.kind === 'stop' ? { kind: 'stop', by } : { ...action, by, id: id ?? '' };
    return new Promise((resolve) => {
      const settle = (outcome: ActionOutcome): void => {
        clearInterval(saying);
        clearTimeout(waiting);
        this.#asked.delete(asked);
        resolve(outcome);
      };
      const say = (): void => {
        const error = this.#publish(message);
        if (error !== null) settle({ kind: 'unanswered', text: error.message });
      };
      const asked: Asked = { id, settle };
      const saying = setInterval(say, stopRequestInterval);
      const waiting = setTimeout(() => settle(unanswered), answerTimeout);
      this.#asked.add(asked);
      say();
    });
  }

  /** An entry of the run's log. */
  see({ entry, time }: LogEntry): void {
    if (this.#asked.size === 0) return;
    const isOver = entry.kind === 'finished' || entry.kind === 'failed';
    const found = answerIn(entry, time);
    for (const asked of this.#asked) {
      if (isOver) asked.settle({ kind: 'refused', text: 'the run has ended meanwhile' });
      else if (found !== null && asked.id === found.id) asked.settle(found.outcome);
    }
  }

  /** Nobody waits for answers any more. */
  close(): void {
    for (const asked of this.#asked) asked.settle(unanswered);
  }

  /** Null where it was sent, or nobody could hear it: it is said again. */
  #publish(message: ControlMessage): Error | null {
    try {
      this.#bus.publish(controlSubject(this.#run), encodeControl(message));
      return null;
    } catch (error) {
      return error as Error;
    }
  }
}

const unanswered: ActionOutcome = {
  kind: 'unanswered',
  text:
    `nobody who leads the run has answered within ${answerTimeout / 1000} s: ` +
    'it may be done still, and the timeline will say so',
};

interface Answered {
  readonly id: string | null;
  readonly outcome: ActionOutcome;
}

function answerIn(entry: Happening, time: string): Answered | null {
  switch (entry.kind) {
    case 'stopping':
      return { id: null, outcome: { kind: 'taken', text: `${entry.by} asks the run to stop` } };
    case 'paused':
    case 'went-on':
    case 'asked-checkpoint':
    case 'draining':
      return {
        id: entry.id,
        outcome: { kind: 'taken', text: sentence(operatorLine(entry, 0, time)) },
      };
    case 'refused-request':
      return { id: entry.id, outcome: { kind: 'refused', text: entry.reason } };
    default:
      return null;
  }
}
