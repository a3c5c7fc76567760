/** Which points of a line an exporter has not had: the only place that decides it. */
import type { HistoryLine } from '../../../shared/history/history-line.js';
import { pointsOf } from '../../../shared/history/line-points.js';
import type { Delivered, ExportedLine } from '../history-exporter.js';

/** Stands for the lines that tell where the members' time went, which add to no curve. */
export const phasesTag = 'phases';

/**
 * Null where nothing of the line is new. Pure: `delivered` is changed by `markDelivered` alone, once the
 * line is there.
 */
export function undelivered(line: HistoryLine, delivered: Delivered): ExportedLine | null {
  const isNew = (tag: string): boolean => line.committed_steps > (delivered.get(tag) ?? -1);
  if (line.kind === 'phases') return isNew(phasesTag) ? { line, points: [] } : null;
  const all = pointsOf(line);
  const points = all.filter(({ tag }) => isNew(tag));
  return all.length > 0 && points.length === 0 ? null : { line, points };
}

export function markDelivered(lines: readonly ExportedLine[], delivered: Delivered): void {
  for (const { line, points } of lines) {
    if (line.kind === 'phases') delivered.set(phasesTag, line.committed_steps);
    for (const { tag } of points) delivered.set(tag, line.committed_steps);
  }
}

/** Steps behind `firstStep` are gone over again, and told again. */
export function takeBack(delivered: Delivered, firstStep: number): void {
  for (const [tag, step] of delivered) if (step > firstStep) delivered.set(tag, firstStep);
}

/** Up to here the other side has the steps; what stands in the history before was told before them. */
export const deliveredSteps = (delivered: Delivered): number => delivered.get('loss/train') ?? 0;
