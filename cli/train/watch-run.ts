/** Shows a run while it lasts, listens to Ctrl-C, and turns its end into words and an exit code. */
import { metricsScheme } from '../../process/metrics/metrics-access.js';
import { systemClock } from '../../shared/clock.js';
import type { ExitCode } from '../../shared/exit-codes.js';
import type { Millis } from '../../shared/units.js';
import { operatorWords } from '../cluster/operator-token.js';
import { type ClusterOptions, type RunningJob, runCluster } from '../cluster/run-cluster.js';
import { RunView, type RunViewOptions } from '../output/run-view.js';
import { watchOutput } from '../output/watch-output.js';
import { decideInterrupt } from './ending/interrupts.js';
import { listenToPause } from './ending/pause.js';
import { stopWords } from './ending/stop-words.js';

export interface WatchOptions extends Omit<RunViewOptions, 'time'> {
  readonly run: Omit<ClusterOptions, 'onEvent' | 'onProcess'>;
}

export async function watchRun({ run: options, ...view }: WatchOptions): Promise<ExitCode> {
  const shown = new RunView({ ...view, time: wallClock });
  const { display } = view;
  const run = runCluster({
    ...options,
    onEvent: (event, time) => shown.see(event, time),
    onProcess: ({ dashboardPort, metricsPort, name, pid }) => {
      const address = `${metricsScheme()}://127.0.0.1:${metricsPort}/metrics`;
      const metrics = metricsPort === null ? '' : `, metrics on ${address}`;
      display.note(`${name}: pid ${pid}${metrics}`);
      if (dashboardPort === null) return;
      display.note(`dashboard: http://127.0.0.1:${dashboardPort}/`);
      const { operatorTokenFile } = options;
      if (operatorTokenFile != null) display.note(operatorWords(operatorTokenFile));
    },
  });
  const ignoreSignals = listenToInterrupts(run, () => display.note(stopWords(shown.doing)));
  const ignorePauses = listenToPause(run, (text) => display.note(text));
  // Nobody would see how it goes on: it ends as by Ctrl-C, with a checkpoint.
  watchOutput([process.stdout, process.stderr], () => run.stop());
  let code: ExitCode;
  try {
    const end = await run.end.catch(async (error: unknown) => {
      shown.broken(error);
      await shown.delivered();
      throw error;
    });
    code = shown.end(end);
  } finally {
    ignoreSignals();
    ignorePauses();
  }
  await shown.delivered();
  return code;
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
