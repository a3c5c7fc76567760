/** The lines of a history as it is now, the first one first: of a run that is over, or that lasts. */

import { type HistoryLine, isProgress } from '../../shared/history/history-line.js';
import { readLine } from '../../shared/history/line-events.js';
import { mebibytes } from '../../shared/units.js';
import { readLines } from './read-lines.js';

/** The longest are of phases, which have some 300 bytes a worker. */
export const historyLineBytes = mebibytes(4);

/** Lines of kinds that are not known here are passed over, and so is half a line at the end. */
export async function* readHistory(path: string): AsyncGenerator<HistoryLine> {
  for await (const read of readLines(path, historyLineBytes)) {
    const line = read.kind === 'line' ? readLine(read.text) : null;
    if (line !== null && !isProgress(line)) yield line;
  }
}
