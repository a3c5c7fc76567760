/** A history as one event file of TensorBoard. */

import { pointsRecord, versionRecord } from '../../process/exporters/tensorboard/event-records.js';
import type { HistoryLine } from '../../shared/history/history-line.js';
import { pointsOf } from '../../shared/history/line-points.js';

const secondsOf = (time: string): number => Date.parse(time) / 1000;

/** Named by its run, so that the same run converted again replaces what it was. */
export const eventFileName = (began: HistoryLine & { kind: 'history' }): string =>
  `events.out.tfevents.${Math.floor(secondsOf(began.time))}.${began.run}`;

/**
 * The steps of a history ascend without repeats, however often its run was resumed, so nothing is
 * taken back.
 */
export async function* eventRecords(
  lines: AsyncIterable<HistoryLine>,
  beganAt: string,
): AsyncGenerator<Buffer> {
  yield versionRecord(secondsOf(beganAt));
  for await (const line of lines) {
    const points = pointsOf(line);
    const place = { seconds: secondsOf(line.time), step: line.committed_steps };
    if (points.length > 0) yield pointsRecord(place, points);
  }
}
