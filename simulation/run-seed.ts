/** One seed: a cluster, what goes wrong in it, and whether anything came of it that must not be. */
import { logEntryDepth } from '../shared/limits.js';
import type { Happening, LogEntry } from '../shared/messages/cluster/log-entry.js';
import { unpackValue } from '../shared/messages/codec.js';
import { Random } from '../shared/random.js';
import { logStream, logSubject } from '../shared/subjects.js';
import { checkLog } from './checks/check-log.js';
import { applyFault } from './cluster/apply-fault.js';
import { Cluster, type ClusterParts, simulatedRun } from './cluster/cluster.js';
import { coordinatorStarter } from './cluster/sim-coordinator.js';
import { workerStarter } from './cluster/sim-worker.js';
import { tinyReference, tinyRun } from './cluster/tiny-job.js';
import { drawSchedule } from './schedule/draw-schedule.js';
import { endOf, type Fault, faultLine } from './schedule/fault.js';
import { drawSetup, type Setup, setupLines } from './schedule/setup.js';
import { openDrain } from './time/drain.js';

export interface SeedResult {
  readonly seed: number;
  readonly faults: readonly Fault[];
  /** What must not be; empty where all is well. */
  readonly found: readonly string[];
  readonly events: number;
  /** Virtual milliseconds. */
  readonly duration: number;
}

export interface SeedOptions {
  /** Instead of those that are drawn from the seed. */
  readonly faults?: readonly Fault[] | undefined;
  readonly trace?: ((line: string) => void) | undefined;
  /** What a test plants into the processes. */
  readonly planted?: Partial<Pick<ClusterParts, 'startWorker' | 'startCoordinator'>> | undefined;
}

/** From the last fault, or from the beginning: every wait of the protocol has a deadline below it. */
const livenessBound = 150_000;

export const setupOf = (seed: number): Setup => drawSetup(seed, Random.for(seed, 'setup'));
export const faultsOf = (seed: number): Fault[] =>
  drawSchedule(setupOf(seed), Random.for(seed, 'faults'));

/** To be called from the event loop: see `fromEventLoop`. */
export function runSeed(seed: number, options: SeedOptions = {}): SeedResult {
  const setup = setupOf(seed);
  const faults = options.faults ?? faultsOf(seed);
  const trace = options.trace ?? null;
  const cluster = new Cluster({
    setup,
    drain: openDrain(),
    trace,
    startWorker: options.planted?.startWorker ?? workerStarter(),
    startCoordinator: options.planted?.startCoordinator ?? coordinatorStarter(),
  });
  for (const line of setupLines(setup)) cluster.trace(line);
  const { findings, scheduler } = cluster;
  const unhandled = (error: unknown): void =>
    findings.add(`a promise is left unhandled: ${(error as Error).stack ?? String(error)}`);
  const uncaught = (error: Error): void => findings.add(`a process fails: ${error.stack}`);
  process.on('unhandledRejection', unhandled);
  process.on('uncaughtException', uncaught);
  try {
    const entries = simulate(cluster, faults);
    const { plans } = tinyRun(setup);
    const mayStop = findings.isStopWanted;
    const expected = {
      plans,
      reference: tinyReference(setup),
      totalSteps: setup.totalSteps,
      mayStop,
    };
    for (const text of checkLog(entries, expected)) findings.add(text);
  } catch (error) {
    findings.add(`a process fails: ${(error as Error).stack ?? String(error)}`);
  } finally {
    process.off('unhandledRejection', unhandled);
    process.off('uncaughtException', uncaught);
  }
  const { events, now } = scheduler;
  return { seed, faults, found: [...findings.all], events, duration: now };
}

function simulate(cluster: Cluster, faults: readonly Fault[]): LogEntry[] {
  const { random, scheduler, setup } = cluster;
  const entries: LogEntry[] = [];
  watchLog(cluster, entries);
  for (const name of [...setup.coordinators, ...setup.workers]) {
    scheduler.after(random.below(400), () => cluster.start(name));
  }
  for (const fault of faults) {
    scheduler.at(fault.at, () => {
      cluster.trace(`FAULT ${faultLine(fault)}`);
      applyFault(cluster, fault);
    });
  }
  const healedAt = 100 + faults.reduce((latest, fault) => Math.max(latest, endOf(fault)), 0);
  scheduler.at(healedAt, () => cluster.heal());
  const isOver = (): boolean => cluster.isOver && cluster.alive.length === 0;
  const deadline = healedAt + livenessBound + 2 * setup.totalSteps * setup.stepTime;
  if (!scheduler.run(isOver, deadline)) {
    const standing = cluster.alive.map(({ name, standing }) => `${name} is ${standing()}`);
    cluster.findings.add(
      `${cluster.isOver ? 'the run is over, and its processes are not' : 'the run does not end'}: ` +
        `${livenessBound} ms after the last fault ${standing.join(', ') || 'nobody is left'}`,
    );
  }
  return entries;
}

/** Reads the log as it grows: what is said in it decides when a run is over. */
function watchLog(cluster: Cluster, entries: LogEntry[]): void {
  const { server } = cluster;
  const read = async (): Promise<void> => {
    const log = await server
      .openBeside()
      .ensureLog(logStream(simulatedRun), logSubject(simulatedRun));
    await log.read(1, (data) => {
      // Whoever follows the log reads it with all its rules; here it only must be quick.
      const entry = unpackValue(data, logEntryDepth) as LogEntry;
      entries.push(entry);
      if (cluster.isTraced)
        cluster.trace(`LOG ${entries.length} ${JSON.stringify(shortened(entry))}`);
      look(cluster, entry.entry);
    });
  };
  void read();
}

function look({ findings, operator, over }: Cluster, entry: Happening): void {
  operator.see(entry);
  if (entry.kind === 'committed') findings.recorded(entry.report.step + 1);
  if (entry.kind === 'stopping') findings.isStopping = true;
  if (entry.kind === 'generation' && entry.position !== null) findings.started(entry.generation);
  if (entry.kind === 'finished' || entry.kind === 'failed') over();
}

function shortened({ fence, entry }: LogEntry): object {
  if (entry.kind !== 'committed') return { fence, ...entry };
  const { generation, report } = entry;
  return { fence, kind: entry.kind, generation, step: report.step, state: report.stateHash.value };
}
