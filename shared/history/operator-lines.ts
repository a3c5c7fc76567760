/** Operators' requests as lines of a history, and back. */
import type { OperatorEvent } from '../messages/run-events.js';
import type { HistoryLineOf } from './history-line.js';
import type { ShownOperatorEvent } from './shown-event.js';

type OperatorLine = HistoryLineOf<
  'paused' | 'went_on' | 'asked_checkpoint' | 'draining' | 'refused_request'
>;

export function operatorLine(
  event: OperatorEvent,
  committedSteps: number,
  time: string,
): OperatorLine {
  const { by, id } = event;
  const at = { time, committed_steps: committedSteps, by, id };
  switch (event.kind) {
    case 'paused':
      return { kind: 'paused', ...at, stands_at: event.standsAt };
    case 'went-on':
      return { kind: 'went_on', ...at };
    case 'asked-checkpoint':
      return { kind: 'asked_checkpoint', ...at, steps: event.steps, path: event.path };
    case 'draining':
      return { kind: 'draining', ...at, worker: event.worker };
    case 'refused-request':
      return { kind: 'refused_request', ...at, request: event.request, reason: event.reason };
  }
}

export function operatorEventOf(line: OperatorLine): ShownOperatorEvent {
  const asked = { by: line.by, id: line.id };
  switch (line.kind) {
    case 'paused':
      return {
        kind: 'paused',
        ...asked,
        committedSteps: line.committed_steps,
        standsAt: line.stands_at,
      };
    case 'went_on':
      return { kind: 'went-on', ...asked };
    case 'asked_checkpoint':
      return { kind: 'asked-checkpoint', ...asked, steps: line.steps, path: line.path };
    case 'draining':
      return { kind: 'draining', ...asked, worker: line.worker };
    case 'refused_request':
      return { kind: 'refused-request', ...asked, request: line.request, reason: line.reason };
  }
}
