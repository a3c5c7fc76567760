/**
 * A program beside Lockstep that is told what the history says. It is fed from the file, never from the
 * training: what it has not taken yet waits there, however long it is away, and costs no memory.
 */
import type { HistoryLine, HistoryLineOf } from '../../shared/history/history-line.js';
import type { LinePoint, PointTag } from '../../shared/history/line-points.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';

export interface ExportedRun {
  readonly run: string;
  readonly job: TrainingJob;
  /** The run's folder. */
  readonly output: string;
}

/** The last step of each curve that is there already; a curve that is not named has none. */
export type Delivered = Map<PointTag, number>;

/** A line, with those of its points that were not delivered before. */
export interface ExportedLine {
  readonly line: HistoryLine;
  readonly points: readonly LinePoint[];
}

export interface HistoryExporter {
  /** As the job calls it. */
  readonly name: 'tensorboard' | 'mlflow' | 'trackio' | 'otlp';
  /**
   * What becomes of steps that a resumed run goes over again: `replaces` is told them anew, after their
   * `started` line; `keeps` was told them, and they are the same.
   */
  readonly again: 'replaces' | 'keeps';
  /** What the other side has of this run; null: it is told what happens from here on. */
  open(): Promise<Delivered | null>;
  /**
   * Takes lines in their order, and settles when they are there. Called again with the same lines, and perhaps
   * more, where it fails.
   *
   * @throws ExportRefusedError where a further try would fail too
   */
  send(lines: readonly ExportedLine[]): Promise<void>;
}

/** The other side has understood these lines and does not want them: they are left out. Ends in a warning, never a run. */
export class ExportRefusedError extends Error {
  override readonly name = 'ExportRefusedError';
}

/** What a run has come to, in the three words that trackers share. */
export function endStatus(
  line: HistoryLineOf<'finished' | 'failed'>,
): 'finished' | 'failed' | 'killed' {
  if (line.kind === 'finished') return line.stopped ? 'killed' : 'finished';
  return line.code === 'INTERRUPTED' ? 'killed' : 'failed';
}
