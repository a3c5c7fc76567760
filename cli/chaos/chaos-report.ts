/** What a run has come through, from what it left: counts, times and a verdict. Pure. */
import type { LogEntry } from '../../shared/messages/cluster/log-entry.js';
import type { Recovered } from '../../shared/messages/run-events.js';
import { aligned } from '../output/text/aligned.js';
import type { Fault } from './plan-chaos.js';

/** One run of the job to its end. */
export interface ChaosRun {
  /** Null where it did not finish. */
  readonly weightsSha256: string | null;
  /** What ended it; null where it finished. */
  readonly failure: string | null;
  /** What an audit of its ledger found; empty where all is well. */
  readonly differences: readonly string[];
  readonly steps: number;
  readonly seconds: number;
  readonly injected: Readonly<Record<Fault, number>>;
  readonly recoveries: readonly Recovered[];
  readonly committedStepsLost: number;
}

export interface ChaosReport {
  readonly same_weights: boolean;
  readonly audit: 'passed' | 'failed';
  readonly runs: number;
  readonly kills: number;
  readonly hangs: number;
  readonly coordinator_losses: number;
  readonly nats_restarts: number;
  readonly recoveries: number;
  readonly recovery_p50_seconds: number | null;
  readonly recovery_p95_seconds: number | null;
  readonly recovery_max_seconds: number | null;
  readonly committed_steps_lost: number;
  /** Steps a second under faults, as a share of the undisturbed run's. */
  readonly throughput_kept: number;
  readonly weights_sha256: string | null;
  readonly failures: readonly string[];
  readonly differences: readonly string[];
}

/** How many recorded steps a generation went back behind: nothing but the loss of every member does. */
export function stepsLost(entries: Iterable<LogEntry['entry']>): number {
  let recorded = 0;
  let lost = 0;
  for (const entry of entries) {
    if (entry.kind === 'committed') recorded = entry.report.step + 1;
    if (entry.kind !== 'generation' || entry.position === null) continue;
    const { committedSteps } = entry.position;
    lost += Math.max(0, recorded - committedSteps);
    recorded = committedSteps;
  }
  return lost;
}

const wholeSeconds = ({ detectSeconds, reformSeconds, resumeSeconds }: Recovered): number =>
  detectSeconds + reformSeconds + resumeSeconds;

/** The smallest value that at least `share` of them do not exceed; null without any. */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

export function chaosReport(undisturbed: ChaosRun, runs: readonly ChaosRun[]): ChaosReport {
  const injected = (fault: Fault): number =>
    runs.reduce((sum, run) => sum + run.injected[fault], 0);
  // Planned changes lose nothing; what counts is how long a loss takes.
  const recoveries = runs.flatMap((run) => run.recoveries).filter(({ planned }) => !planned);
  const lost = recoveries.filter(({ cause }) => cause === 'lost').map(wholeSeconds);
  const { weightsSha256 } = undisturbed;
  const same = weightsSha256 !== null && runs.every((run) => run.weightsSha256 === weightsSha256);
  const differences = [undisturbed, ...runs].flatMap((run) => run.differences);
  const seconds = runs.reduce((sum, run) => sum + run.seconds, 0);
  const steps = runs.reduce((sum, run) => sum + run.steps, 0);
  return {
    same_weights: same && runs.length > 0,
    audit: differences.length === 0 ? 'passed' : 'failed',
    runs: runs.length,
    kills: injected('kill'),
    hangs: injected('hang'),
    coordinator_losses: injected('coordinator'),
    nats_restarts: injected('nats'),
    recoveries: recoveries.length,
    recovery_p50_seconds: percentile(lost, 0.5),
    recovery_p95_seconds: percentile(lost, 0.95),
    recovery_max_seconds: percentile(lost, 1),
    committed_steps_lost: runs.reduce((sum, run) => sum + run.committedStepsLost, 0),
    throughput_kept: steps / seconds / (undisturbed.steps / undisturbed.seconds),
    weights_sha256: weightsSha256,
    failures: [undisturbed, ...runs].flatMap(({ failure }) => failure ?? []),
    differences,
  };
}

export const hasPassed = (report: ChaosReport): boolean =>
  report.same_weights &&
  report.audit === 'passed' &&
  report.committed_steps_lost === 0 &&
  report.failures.length === 0;

const causes = ['lost', 'link', 'leader', 'bus', 'joined', 'left'] as const;

/** A row for each cause: how often, and how long each part took, half and 95 of 100 times. */
export function recoveryTable(recoveries: readonly Recovered[]): string[] {
  const rows = [['recovery from', 'times', 'detect', 'reform', 'resume', 'all', '95 %', 'longest']];
  for (const cause of causes) {
    const of = recoveries.filter((one) => one.cause === cause);
    if (of.length === 0) continue;
    const middle = (value: (one: Recovered) => number): string =>
      time(percentile(of.map(value), 0.5));
    const whole = of.map(wholeSeconds);
    rows.push([
      cause,
      String(of.length),
      middle((one) => one.detectSeconds),
      middle((one) => one.reformSeconds),
      middle((one) => one.resumeSeconds),
      time(percentile(whole, 0.5)),
      time(percentile(whole, 0.95)),
      time(percentile(whole, 1)),
    ]);
  }
  return aligned(rows);
}

const time = (seconds: number | null): string =>
  seconds === null ? '-' : `${seconds.toFixed(2)} s`;
