/** What is said of an operator's request. Pure. */
import type { ShownOperatorEvent } from '../../../shared/history/shown-event.js';

const requests: Readonly<Record<string, string>> = {
  pause: 'be paused',
  'go-on': 'go on',
  checkpoint: 'write a checkpoint',
  drain: 'let a worker go',
};

export function operatorSentence(event: ShownOperatorEvent): string {
  switch (event.kind) {
    case 'paused':
      return `${event.by} pauses the run: it stands after step ${event.standsAt}`;
    case 'went-on':
      return `${event.by} lets the run go on`;
    case 'asked-checkpoint':
      return event.path === null
        ? `${event.by} asks for a checkpoint`
        : `${event.by} asks for a checkpoint: that of step ${event.steps} is in ${event.path}`;
    case 'draining':
      return `${event.by} drains ${event.worker}: it hands over and ends`;
    case 'refused-request': {
      const what = requests[event.request] ?? event.request;
      return `${event.by} asked the run to ${what}, which cannot be done: ${event.reason}`;
    }
  }
}
