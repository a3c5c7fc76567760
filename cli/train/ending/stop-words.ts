/** What the user is told who asks a run to stop: how soon depends on what it is doing. */
import type { RunEvent } from '../../../shared/messages/run-events.js';

export type Doing = 'training' | 'an evaluation' | 'the last evaluation';

/** What a run does after an event. */
export function doingAfter(doing: Doing, event: RunEvent, totalSteps: number): Doing {
  switch (event.kind) {
    case 'started':
      return event.firstStep >= event.totalSteps ? 'the last evaluation' : 'training';
    case 'committed':
      return event.report.step + 1 === totalSteps ? 'the last evaluation' : 'training';
    case 'evaluating':
      return doing === 'training' ? 'an evaluation' : doing;
    case 'validated':
      return doing === 'an evaluation' ? 'training' : doing;
    default:
      return doing;
  }
}

const again = 'press Ctrl-C again to stop at once';

export function stopWords(doing: Doing): string {
  switch (doing) {
    case 'training':
      return `stopping after this step, with a checkpoint; ${again}`;
    case 'an evaluation':
      return `stopping after this evaluation and the step that follows, with a checkpoint; ${again}`;
    case 'the last evaluation':
      return `giving up the evaluation; ${again}`;
  }
}
