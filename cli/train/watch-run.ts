/** Shows a run while it lasts, listens to Ctrl-C, and turns its end into words and an exit code. */
import { systemClock } from '../../shared/clock.js';
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import type { ReportedMetrics } from '../../shared/messages/messages.js';
import type { Millis } from '../../shared/units.js';
import type { Display } from '../output/display.js';
import { failureText } from '../output/failure-text.js';
import { resultJson, resultText } from '../output/result.js';
import { decideInterrupt } from './interrupts.js';
import { type RunEnd, type RunJobOptions, type RunningJob, runJob } from './run-job.js';

export interface WatchOptions {
  readonly run: Omit<RunJobOptions, 'onEvent' | 'onProcess'>;
  readonly display: Display;
  /** The command that continues a run like this one. */
  readonly resume: string;
  /** The table of metrics, for people. */
  readonly metricsTable: (metrics: readonly ReportedMetrics[]) => string;
}

export async function watchRun(options: WatchOptions): Promise<ExitCode> {
  const { display } = options;
  const run = runJob({
    ...options.run,
    onEvent: (event) => display.event(event),
    onProcess: ({ name, pid, metricsPort }) => {
      const metrics =
        metricsPort === null ? '' : `, metrics on http://127.0.0.1:${metricsPort}/metrics`;
      display.note(`${name}: pid ${pid}${metrics}`);
    },
  });
  const ignoreSignals = listenToInterrupts(run, display);
  try {
    return say(await run.end, options);
  } finally {
    ignoreSignals();
  }
}

function listenToInterrupts(run: RunningJob, display: Display): () => void {
  let firstAt: Millis | null = null;
  const onSignal = (): void => {
    const now = systemClock.now();
    const decision = decideInterrupt(now, firstAt);
    firstAt ??= now;
    if (decision === 'stop') {
      display.note(
        'stopping after this step, with a checkpoint; press Ctrl-C again to stop at once',
      );
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

function say(end: RunEnd, { display, resume, metricsTable }: WatchOptions): ExitCode {
  switch (end.kind) {
    case 'finished': {
      const { result } = end;
      const parts = [resultText(result)];
      if (result.metrics.length > 0) parts.push('', metricsTable(result.metrics));
      if (result.stopped) parts.push('', 'Stopped. To resume:', `  ${resume}`);
      display.result(resultJson(result), parts.join('\n'));
      return result.stopped ? exitCodes.stopped : exitCodes.success;
    }
    case 'interrupted': {
      const message = `stopped at once after ${end.committedSteps} committed steps`;
      display.failure(`lockstep: ${message}\nTo resume from the newest checkpoint:\n  ${resume}`, {
        kind: 'failed',
        code: 'INTERRUPTED',
        message,
        committed_steps: end.committedSteps,
        resume,
      });
      return exitCodes.interrupted;
    }
    case 'failed': {
      const { cause, committedSteps, logFile } = end;
      display.failure(failureText(cause, logFile, resume), {
        kind: 'failed',
        code: cause.code,
        message: cause.message,
        committed_steps: committedSteps,
        resume,
      });
      return cause.exitCode;
    }
  }
}
