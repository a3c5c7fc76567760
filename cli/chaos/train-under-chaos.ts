/** One training of a job to its end, with faults or without. */
import { lockFolder } from '../../process/ownership/folder-lock.js';
import { systemClock } from '../../shared/clock.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import type { LogEntry } from '../../shared/messages/cluster/log-entry.js';
import type { Recovered } from '../../shared/messages/run-events.js';
import { auditRun } from '../audit/audit-run.js';
import { folderSource } from '../audit/folder-source.js';
import { type RunningJob, runCluster } from '../cluster/run-cluster.js';
import type { ClusterEnd } from '../cluster/run-end.js';
import type { Display } from '../output/display/display.js';
import { metricsTable } from '../output/end/metrics-table.js';
import { RunView } from '../output/run-view.js';
import { checkpointsOf } from '../train/output-folder.js';
import { checkRun, writeRun } from '../train/prepare-run.js';
import { type ChaosRun, stepsLost } from './chaos-report.js';
import { injectFaults } from './inject.js';
import type { Fault, PlannedFault } from './plan-chaos.js';

export interface ChaosTraining {
  readonly job: TrainingJob;
  readonly output: string;
  readonly display: Display;
  /** Null leaves the run alone; of the plan, what was injected is taken out. */
  readonly chaos: {
    readonly plan: PlannedFault[];
    /** Milliseconds since the beginning of all. */
    readonly elapsed: () => number;
  } | null;
}

/** One leads, and one stands by. */
const coordinators = 2;

export async function trainUnderChaos(training: ChaosTraining): Promise<ChaosRun> {
  const { job, output, display } = training;
  const note = (text: string): void => display.note(text);
  const lock = await lockFolder(output, { note });
  try {
    const workers = job.spec.workers.replicas;
    const wish = { job, output, note, workers, resume: 'never', natsUrl: null, metricsPort: null };
    const checked = await checkRun({ ...wish, resume: 'never' });
    const { jobFile, history, ledger } = writeRun(checked, wish, lock);
    const watch = new Watch(training);
    const view = new RunView({
      display: withoutEnds(display),
      history,
      ledger,
      metricsTable,
      next: () => ({ resumes: false, command: '' }),
      time: () => new Date().toISOString(),
    });
    const start = systemClock.now();
    const run = runCluster({
      jobFile,
      run: checked.run,
      jobDigest: checked.jobDigest,
      claim: null,
      datasetDirectory: checked.datasetDirectory,
      output,
      checkpoints: checkpointsOf(output),
      workers,
      coordinators,
      natsUrl: null,
      metricsPort: null,
      resume: null,
      evaluateOnly: false,
      onEvent: (event, time) => view.see(event, time),
      onEntry: (entry) => watch.see(entry),
      onProcess: () => undefined,
    });
    const end = await watch.injectUntilEnd(run);
    view.end(end);
    const seconds = (systemClock.now() - start) / 1000;
    const audit = await auditRun(folderSource(output), {
      data: null,
      recompute: null,
      note,
      progress: () => undefined,
    });
    const differences = audit.differences.kept.map(({ text }) => text);
    return { ...watch.seen, ...resultOf(end), differences, seconds };
  } finally {
    lock.release();
  }
}

/** The end of each run is told by the verdict over all of them. */
const withoutEnds = (display: Display): Display => ({
  note: (text) => display.note(text),
  event: (event, line) => display.event(event, line),
  result: () => undefined,
  failure: () => undefined,
});

function resultOf(end: ClusterEnd): Pick<ChaosRun, 'weightsSha256' | 'failure' | 'steps'> {
  switch (end.kind) {
    case 'finished': {
      const { committedSteps, weightsSha256 } = end.result;
      return { weightsSha256, failure: null, steps: committedSteps };
    }
    case 'failed':
      return { weightsSha256: null, failure: end.cause.message, steps: end.committedSteps };
    default:
      return { weightsSha256: null, failure: 'it was interrupted', steps: 0 };
  }
}

/** What the run's log says while it is trained. */
class Watch {
  readonly #training: ChaosTraining;
  readonly #entries: LogEntry['entry'][] = [];
  readonly #injected: Record<Fault, number> = { kill: 0, hang: 0, coordinator: 0, nats: 0 };
  #leader: string | null = null;
  /** Of the newest generation; without those that were hit since it began. */
  #members: string[] = [];

  constructor(training: ChaosTraining) {
    this.#training = training;
  }

  get seen(): Pick<ChaosRun, 'injected' | 'recoveries' | 'committedStepsLost'> {
    return {
      injected: this.#injected,
      recoveries: this.#entries.filter((entry): entry is Recovered => entry.kind === 'recovered'),
      committedStepsLost: stepsLost(this.#entries),
    };
  }

  see({ entry }: LogEntry): void {
    this.#entries.push(entry);
    if (entry.kind === 'led') this.#leader = entry.coordinator.split(',')[0] ?? null;
    if (entry.kind === 'generation') {
      const members = entry.members.map(({ worker }) => worker);
      this.#members = entry.position === null ? [] : members;
    }
    if (entry.kind === 'finished' || entry.kind === 'failed') this.#members = [];
  }

  async injectUntilEnd(run: RunningJob): Promise<ClusterEnd> {
    const { chaos, display } = this.#training;
    const over = new AbortController();
    const injecting =
      chaos === null
        ? null
        : injectFaults(
            {
              ...chaos,
              run,
              leader: () => this.#leader,
              members: () => this.#members,
              onInjected: (fault, name, text) => {
                this.#injected[fault]++;
                this.#members = this.#members.filter((member) => member !== name);
                display.note(`chaos: ${text}`);
              },
            },
            over.signal,
          );
    try {
      return await run.end;
    } finally {
      over.abort();
      await injecting;
    }
  }
}
