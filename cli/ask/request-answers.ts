/** What the log says of each request, until it is done. Pure. */
import type { OperatorRequest } from '../../shared/messages/cluster/control.js';
import type { Happening } from '../../shared/messages/cluster/log-entry.js';
import type { OperatorEvent } from '../../shared/messages/run-events.js';
import { UsageError } from '../usage-error.js';
import type { Answers } from './ask-run.js';

export type Done =
  | { readonly kind: 'paused'; readonly committedSteps: number }
  | { readonly kind: 'continued' }
  | { readonly kind: 'checkpoint'; readonly committedSteps: number; readonly path: string }
  | {
      readonly kind: 'drained';
      readonly worker: string;
      /** That goes on without it; null where it was no member. */
      readonly generation: number | null;
      readonly members: readonly string[];
    };

export class RequestAnswers implements Answers<Done> {
  readonly #request: OperatorRequest;
  /** As in "Cannot pause books". */
  readonly #what: string;
  readonly #note: (text: string) => void;
  #taken: Taken | null = null;
  #answer: Done | null = null;

  constructor(request: OperatorRequest, what: string, note: (text: string) => void) {
    this.#request = request;
    this.#what = what;
    this.#note = note;
  }

  get answer(): Done | null {
    return this.#answer;
  }

  hear(entry: Happening): void {
    if ('id' in entry && entry.id === this.#request.id) this.#take(entry);
    else if (this.#taken !== null) this.#answer ??= afterwards(this.#taken, entry);
  }

  #take(event: OperatorEvent): void {
    if (event.kind === 'refused-request') {
      throw new UsageError(`Cannot ${this.#what}: ${event.reason}`);
    }
    this.#taken = event;
    this.#answer = atOnce(event);
    if (this.#answer === null) this.#note(noteOf(event));
  }
}

type Taken = Exclude<OperatorEvent, { kind: 'refused-request' }>;

function atOnce(event: Taken): Done | null {
  switch (event.kind) {
    case 'went-on':
      return { kind: 'continued' };
    case 'paused': {
      const { committedSteps, standsAt } = event;
      return committedSteps >= standsAt ? { kind: 'paused', committedSteps } : null;
    }
    case 'asked-checkpoint': {
      const { path, steps } = event;
      return path === null ? null : { kind: 'checkpoint', committedSteps: steps, path };
    }
    case 'draining':
      return event.isMember
        ? null
        : { kind: 'drained', worker: event.worker, generation: null, members: [] };
  }
}

function noteOf(event: Taken): string {
  switch (event.kind) {
    case 'paused':
      return `pausing: step ${event.committedSteps} is committed, it stands after step ${event.standsAt}`;
    case 'draining':
      return `${event.worker} hands over`;
    default:
      return 'a checkpoint is written';
  }
}

/** Whether what was asked for has come about. */
function afterwards(taken: Taken, event: Happening): Done | null {
  if (taken.kind === 'paused' && event.kind === 'committed') {
    const committedSteps = event.report.step + 1;
    return committedSteps >= taken.standsAt ? { kind: 'paused', committedSteps } : null;
  }
  if (taken.kind === 'asked-checkpoint' && event.kind === 'checkpointed') {
    const { committedSteps, path } = event;
    return committedSteps >= taken.steps ? { kind: 'checkpoint', committedSteps, path } : null;
  }
  if (taken.kind !== 'draining' || event.kind !== 'generation') return null;
  const { worker } = taken;
  const { generation, position } = event;
  const members = event.members.map((member) => member.worker);
  if (position === null || members.includes(worker)) return null;
  return { kind: 'drained', worker, generation, members };
}
