/**
 * The last steps, kept beside the checkpoints. A member may commit a step and write its checkpoint
 * while the coordinator, or whoever writes the history, is being lost: a run that resumes from there
 * finds here what the history has not heard.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '../../../process/write-atomically.js';
import { stepLine } from '../../../shared/history/event-lines.js';
import { recentStepsFile } from '../../../shared/history/history-line.js';
import { recentSteps } from '../../../shared/limits.js';
import { storingSync } from '../../../storage/storage-error.js';
import type { StepReport } from '../messages.js';

export class RecentSteps {
  readonly #directory: string;
  readonly #lines: string[] = [];

  /** @param directory of the checkpoints */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @param time ISO 8601 */
  add(report: StepReport, seconds: number, time: string): void {
    this.#lines.push(`${JSON.stringify(stepLine(report, seconds, time))}\n`);
    if (this.#lines.length > recentSteps) this.#lines.shift();
  }

  /** To be called before the checkpoint that covers the steps can be found. */
  write(): void {
    const path = join(this.#directory, recentStepsFile);
    storingSync('the last steps', path, () => {
      mkdirSync(this.#directory, { recursive: true });
      writeAtomically(path, this.#lines.join(''));
    });
  }
}
