/** When an action makes sense, and what it brings about: for server and pages. */
import type { Action, RunState } from './api.js';

type Now = Pick<RunState, 'end' | 'members' | 'paused' | 'draining'>;

/** Why it cannot be done now, as far as the history tells; null where it can. */
export function hindrance(action: Action, { draining, end, members, paused }: Now): string | null {
  if (end !== null) return 'the run is over';
  switch (action.kind) {
    case 'pause':
      return paused === null ? null : 'it is paused already';
    case 'go-on':
      return paused === null ? 'it is not paused' : null;
    case 'drain':
      if (draining.includes(action.worker)) return `${action.worker} is leaving already`;
      if (!members.some(({ worker }) => worker === action.worker)) {
        return `${action.worker} does not train now`;
      }
      return members.length - draining.length > 1 ? null : 'nobody else trains';
    default:
      return null;
  }
}

/** What follows from it, for whoever is asked whether it is meant. */
export function consequence(action: Action, { draining, members }: Now): string {
  switch (action.kind) {
    case 'pause':
      return 'Training stands still after the steps that are under way, and everything is kept.';
    case 'go-on':
      return 'Training goes on where it stands.';
    case 'checkpoint':
      return 'A checkpoint is written after the step that is under way.';
    case 'stop':
      return (
        'The run finishes the step that is under way, writes a checkpoint and ends. ' +
        'The command that resumes it is told at its end.'
      );
    case 'drain': {
      const left = members.length - draining.length - 1;
      const stay = left === 1 ? 'one stays and trains' : `${left} stay and train`;
      return (
        `${action.worker} hands over within a step and ends; ${stay} what it trained. ` +
        'No step is lost.'
      );
    }
  }
}
