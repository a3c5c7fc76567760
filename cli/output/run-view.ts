/** A run as whoever watches it has it: on the screen, and in the history where one is kept. */
import type { HistoryExporters } from '../../process/exporters/history-exporters.js';
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
import { deliverRest } from './end/deliver-rest.js';
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
  /** Programs that are told what the history says, where the job names some; left out: none. */
  readonly exporters?: (warn: (text: string) => void) => HistoryExporters | null;
  /** How to go on, asked at the end: whether there is a checkpoint by then decides. */
  readonly next: () => NextCommand;
  /** Commands for what it leaves, once it is done; left out: none. */
  readonly afterwards?: readonly string[];
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
  readonly #exporters: HistoryExporters | null;
  #doing: Doing = 'training';
  #isOver = false;
  #totalSteps = 0;

  constructor(options: RunViewOptions) {
    this.#options = options;
    this.#exporters = options.exporters?.((text) => this.#warn(text)) ?? null;
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
    if (line !== null && !isProgress(line)) {
      history?.append(line);
      this.#exporters?.told(line);
    }
    if (event.kind === 'started') this.#totalSteps = event.totalSteps;
    this.#doing = doingAfter(this.#doing, event, this.#totalSteps);
    display.event(event, line);
  }

  /** Which of several coordinators leads has changed. @param time ISO 8601 */
  leads(isOwn: boolean, time: string): void {
    this.#exporters?.leads(isOwn, time);
  }

  /** Settles when whoever is told of the run has its end too, or stays away for too long. */
  async delivered(): Promise<void> {
    if (this.#exporters !== null) await deliverRest(this.#exporters);
  }

  end(reached: ClusterEnd): ExitCode {
    this.#isOver = true;
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
    this.#isOver = true;
    const { history, ledger, next, time } = this.#options;
    ledger?.close();
    history?.end(brokenLine(error, this.#lines.committedSteps, next().command, time()));
  }

  /** The history ends with the end of the run: what is said later is for whoever looks on. */
  #warn(text: string): void {
    const { display, time } = this.#options;
    if (this.#isOver) display.note(text);
    else this.see({ kind: 'notice', text }, time());
  }

  #say(end: RunEnd, line: EndLine): void {
    const { afterwards = [], display, metricsTable, next } = this.#options;
    switch (end.kind) {
      case 'finished': {
        const { result } = end;
        const parts = [resultText(result)];
        if (result.metrics.length > 0) parts.push('', metricsTable(result.metrics));
        if (result.stopped) parts.push('', 'Stopped.', nextText(next()));
        else if (afterwards.length > 0) {
          parts.push('', 'Next:', ...afterwards.map((command) => `  ${command}`));
        }
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
