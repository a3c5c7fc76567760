/** Turns the entries of a run's log into the events that terminals and histories are made of. */
import type { Happening, LogEntry } from '../messages/cluster/log-entry.js';
import type { RunEvent } from '../messages/run-events.js';

type GenerationEntry = Extract<Happening, { kind: 'generation' }>;

/** Entries of one run, in their order, from the first one. */
export class LogEvents {
  #totalSteps = 0;
  #committedSteps = 0;
  #hasStarted = false;
  #coordinator: string | null = null;

  /** What an entry tells a watcher; none where it only matters to a leader. */
  eventsOf({ entry }: LogEntry): RunEvent[] {
    switch (entry.kind) {
      case 'led':
        return this.#led(entry);
      case 'generation':
        return [this.#generation(entry)];
      case 'committed': {
        const { ledger, report, seconds } = entry;
        this.#committedSteps = report.step + 1;
        return [{ kind: 'committed', report, seconds, ledger }];
      }
      case 'checkpointed': {
        const { committedSteps, path, seconds } = entry;
        return [{ kind: 'checkpointed', committedSteps, path, seconds }];
      }
      case 'stopping':
        return [{ kind: 'notice', text: `${entry.by} asks the run to stop` }];
      default:
        return [entry];
    }
  }

  #led({ coordinator, totalSteps }: Extract<Happening, { kind: 'led' }>): RunEvent[] {
    const isAnother = this.#coordinator !== null && this.#coordinator !== coordinator;
    this.#totalSteps = totalSteps;
    this.#coordinator = coordinator;
    return isAnother ? [{ kind: 'led', coordinator }] : [];
  }

  #generation(entry: GenerationEntry): RunEvent {
    const { generation, planned, position, reason, resumedFrom } = entry;
    if (position === null) return { kind: 'waiting', reason };
    const { committedSteps } = position;
    const members = entry.members.map(({ worker }) => worker);
    // Whoever begins, or goes over steps again, tells them from there on.
    const begins = !this.#hasStarted || committedSteps < this.#committedSteps;
    this.#hasStarted = true;
    this.#committedSteps = committedSteps;
    if (!begins) {
      return { kind: 'generation', generation, members, committedSteps, planned, reason };
    }
    return {
      kind: 'started',
      members,
      firstStep: committedSteps,
      totalSteps: this.#totalSteps,
      resumedFrom,
    };
  }
}
