/**
 * The last steps, kept beside the checkpoints. A member may commit a step and write its checkpoint
 * while the coordinator, or whoever writes the history, is being lost: a run that resumes from there
 * finds here what the history has not heard.
 */
import { stepLine } from '../../../shared/history/event-lines.js';
import { recentStepsFile } from '../../../shared/history/history-line.js';
import { recentSteps } from '../../../shared/limits.js';
import { openCheckpointStore } from '../../checkpoint/store/open-checkpoint-store.js';
import type { StepReport } from '../messages.js';

export class RecentSteps {
  readonly #location: string;
  readonly #lines: string[];

  /**
   * @param location of the checkpoints
   * @param lines of a member that this one goes on from
   */
  constructor(location: string, lines: readonly string[] = []) {
    this.#location = location;
    this.#lines = [...lines];
  }

  /** Oldest first; each ends with a line feed. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** @param time ISO 8601 */
  add(report: StepReport, seconds: number, time: string): void {
    this.#lines.push(`${JSON.stringify(stepLine(report, seconds, time))}\n`);
    if (this.#lines.length > recentSteps) this.#lines.shift();
  }

  /** To be called before the checkpoint that covers the steps can be found. */
  write(): Promise<void> {
    return openCheckpointStore(this.#location).writeText(
      'the last steps',
      recentStepsFile,
      this.#lines.join(''),
    );
  }
}
