/** Which lines of a run's coordinators are new: whoever comes later tells everything from the beginning. Pure. */
import type { HistoryLine, ProgressLine } from '../../../shared/history/history-line.js';
import { isProgress } from '../../../shared/history/history-line.js';

export class NewLines {
  #time = '';
  /** Of the last time: several things happen within a millisecond. */
  #seen = new Set<string>();

  /** What happened has its time from the run's log, whoever tells it; progress has none of its own. */
  take(line: HistoryLine | ProgressLine): boolean {
    if (isProgress(line)) return true;
    if (line.time < this.#time) return false;
    if (line.time > this.#time) this.#seen.clear();
    this.#time = line.time;
    const key = `${line.kind} ${line.committed_steps}`;
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    return true;
  }
}
