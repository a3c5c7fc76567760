/** A run as whoever watches it has it: on the screen, and in the history where one is kept. */
import type { LedgerFile } from '../../process/history/ledger-file.js';
import type { RunHistory } from '../../process/history/run-history.js';
import { version } from '../../process/version.js';
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import { EventLines } from '../../shared/history/event-lines.js';
import { type EndLine, isProgress } from '../../shared/history/history-line.js';
import type { ReportedMetrics } from '../../shared/messages/report-fields.js';
import type { RunEvent } from '../../shared/messages/run-events.js';
import type { ClusterEnd, RunEnd } from '../cluster/run-end.js';
import { type NextCommand, nextText } from '../train/ending/resume-command.js';
import { type Doing, doingAfter } from '../train/ending/stop-words.js';
import type { Display } from './display/display.js';
import { brokenLine, endLine, exitCodeOfEnd, leftLine } from './end/end-line.js';
import { failureText } from './end/failure-text.js';
import { keepLastWords } from './end/last-words.js';
import { resultText } from './end/result.js';
import { unkeptEnd } from './end/unkept-end.js';
import { keepLedger } from './keep-ledger.js';

export interface RunViewOptions {
  readonly display: Display;
  /** What the run leaves; null where it only looks at what another one left. */
  readonly history: RunHistory | null;
  /** Likewise. */
  readonly ledger: LedgerFile | null;
  /** How to go on, asked at the end: whether there is a checkpoint by then decides. */
  readonly next: () => NextCommand;
  /** The table of metrics, for people. */
  readonly metricsTable: (metrics: readonly ReportedMetrics[]) => string;
  /** ISO 8601. */
  readonly time: () => string;
}

export class RunView {
  readonly #options: RunViewOptions;
  readonly #lines = new EventLines({
    lockstep_version: version(),
    node_version: process.versions.node,
  });
  #doing: Doing = 'training';
  #totalSteps = 0;

  constructor(options: RunViewOptions) {
    this.#options = options;
  }

  /** What the run is doing, as far as it has said. */
  get doing(): Doing {
    return this.#doing;
  }

  /** @param time ISO 8601 */
  see(event: RunEvent, time: string): void {
    const { display, history, ledger } = this.#options;
    const line = this.#lines.lineOf(event, time);
    if (ledger !== null) keepLedger(ledger, event, time);
    if (line !== null && !isProgress(line)) history?.append(line);
    if (event.kind === 'started') this.#totalSteps = event.totalSteps;
    this.#doing = doingAfter(this.#doing, event, this.#totalSteps);
    display.event(event, line);
  }

  end(reached: ClusterEnd): ExitCode {
    const { display, history, ledger, next, time } = this.#options;
    if (reached.kind === 'left') {
      history?.abandon();
      const line = leftLine(this.#lines.committedSteps, time());
      keepLastWords(line);
      display.result(line, `left after step ${line.committed_steps}: the run is not over`);
      return exitCodes.stopped;
    }
    const lineOf = (end: RunEnd): EndLine => endLine(end, next().command, time());
    const missing = (history?.missingLines() ?? 0) + (ledger?.missingLines() ?? 0);
    let end = missing === 0 ? reached : unkeptEnd(reached);
    let line = lineOf(end);
    if (history !== null && !history.end(line)) {
      end = unkeptEnd(end);
      line = lineOf(end);
    }
    keepLastWords(line);
    this.#say(end, line);
    return exitCodeOfEnd(end);
  }

  /** The run could not be run at all; `error` goes on to whoever called. */
  broken(error: unknown): void {
    const { history, ledger, next, time } = this.#options;
    ledger?.close();
    history?.end(brokenLine(error, this.#lines.committedSteps, next().command, time()));
  }

  #say(end: RunEnd, line: EndLine): void {
    const { display, metricsTable, next } = this.#options;
    switch (end.kind) {
      case 'finished': {
        const { result } = end;
        const parts = [resultText(result)];
        if (result.metrics.length > 0) parts.push('', metricsTable(result.metrics));
        if (result.stopped) parts.push('', 'Stopped.', nextText(next()));
        display.result(line, parts.join('\n'));
        return;
      }
      case 'interrupted': {
        const message = `stopped at once after ${end.committedSteps} committed steps`;
        display.failure(`lockstep: ${message}\n${nextText(next())}`, line);
        return;
      }
      case 'failed':
        display.failure(failureText(end.cause, end.logFile, next()), line);
    }
  }
}
