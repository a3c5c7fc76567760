/** Shows a run while it lasts, listens to Ctrl-C, and turns its end into words and an exit code. */
import type { LedgerFile } from '../../process/history/ledger-file.js';
import type { RunHistory } from '../../process/history/run-history.js';
import { version } from '../../process/version.js';
import { systemClock } from '../../shared/clock.js';
import type { ExitCode } from '../../shared/exit-codes.js';
import { EventLines } from '../../shared/history/event-lines.js';
import { type EndLine, isProgress } from '../../shared/history/history-line.js';
import type { ReportedMetrics } from '../../shared/messages/report-fields.js';
import type { RunEvent } from '../../shared/messages/run-events.js';
import type { Millis } from '../../shared/units.js';
import type { Display } from '../output/display.js';
import { brokenLine, endLine, exitCodeOfEnd } from '../output/end-line.js';
import { failureText } from '../output/failure-text.js';
import { resultText } from '../output/result.js';
import { watchOutput } from '../output/watch-output.js';
import { decideInterrupt } from './ending/interrupts.js';
import { listenToPause } from './ending/pause.js';
import { type NextCommand, nextText } from './ending/resume-command.js';
import { type Doing, doingAfter, stopWords } from './ending/stop-words.js';
import { type RunEnd, type RunJobOptions, type RunningJob, runJob } from './run-job.js';

export interface WatchOptions {
  readonly run: Omit<RunJobOptions, 'onEvent' | 'onProcess'>;
  readonly display: Display;
  /** What the run leaves; null where it only looks at what another one left. */
  readonly history: RunHistory | null;
  /** Likewise. */
  readonly ledger: LedgerFile | null;
  /** How to go on, asked at the end: whether there is a checkpoint by then decides. */
  readonly next: () => NextCommand;
  /** The table of metrics, for people. */
  readonly metricsTable: (metrics: readonly ReportedMetrics[]) => string;
}

export async function watchRun(options: WatchOptions): Promise<ExitCode> {
  const { display, history, ledger } = options;
  const versions = { lockstep_version: version(), node_version: process.versions.node };
  const lines = new EventLines(versions);
  let doing: Doing = 'training';
  let totalSteps = 0;
  const onEvent = (event: RunEvent): void => {
    const line = lines.lineOf(event, wallClock());
    if (ledger !== null) keepLedger(ledger, event);
    if (line !== null && !isProgress(line)) history?.append(line);
    if (event.kind === 'started') totalSteps = event.totalSteps;
    doing = doingAfter(doing, event, totalSteps);
    display.event(event, line);
  };
  const run = runJob({
    ...options.run,
    onEvent,
    onProcess: ({ name, pid, metricsPort }) => {
      const metrics =
        metricsPort === null ? '' : `, metrics on http://127.0.0.1:${metricsPort}/metrics`;
      display.note(`${name}: pid ${pid}${metrics}`);
    },
  });
  const ignoreSignals = listenToInterrupts(run, () => display.note(stopWords(doing)));
  const ignorePauses = listenToPause(run, (text) => display.note(text));
  // Nobody would see how it goes on: it ends as by Ctrl-C, with a checkpoint.
  watchOutput([process.stdout, process.stderr], () => run.stop());
  try {
    const end = await run.end.catch((error: unknown) => {
      history?.end(brokenLine(error, lines.committedSteps, options.next().command, wallClock()));
      throw error;
    });
    const line = endLine(end, options.next().command, wallClock());
    history?.end(line);
    say(end, line, options);
    return exitCodeOfEnd(end);
  } finally {
    ignoreSignals();
    ignorePauses();
    ledger?.close();
  }
}

function keepLedger(ledger: LedgerFile, event: RunEvent): void {
  if (event.kind === 'started') ledger.started(event.firstStep, wallClock());
  else if (event.kind === 'committed') ledger.record(event.ledger);
  else if (event.kind === 'checkpointed') ledger.sync();
}

const wallClock = (): string => new Date().toISOString();

function listenToInterrupts(run: RunningJob, sayStop: () => void): () => void {
  let firstAt: Millis | null = null;
  const onSignal = (): void => {
    const now = systemClock.now();
    const decision = decideInterrupt(now, firstAt);
    firstAt ??= now;
    if (decision === 'stop') {
      sayStop();
      run.stop();
    } else if (decision === 'at-once') {
      run.stopAtOnce();
    }
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}

function say(end: RunEnd, line: EndLine, { display, next, metricsTable }: WatchOptions): void {
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
