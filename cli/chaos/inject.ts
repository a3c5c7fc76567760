/** Does to the processes of a run what a plan says. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningJob } from '../cluster/run-cluster.js';
import type { Fault, PlannedFault } from './plan-chaos.js';

export interface Injection {
  readonly run: RunningJob;
  /** Faults that are still to come, the next first; those that were injected are taken out. */
  readonly plan: PlannedFault[];
  /** Milliseconds since the beginning of all. */
  readonly elapsed: () => number;
  /** The coordinator that leads, as far as the run's log has said. */
  readonly leader: () => string | null;
  /** Whether the run trains, so that a fault hits something. */
  readonly trains: () => boolean;
  readonly onInjected: (fault: Fault, text: string) => void;
}

/** How often it looks whether a fault is due. */
const lookMs = 50;

/** Until it is aborted; whoever it has stopped goes on then. */
export async function injectFaults(injection: Injection, signal: AbortSignal): Promise<void> {
  const { plan, elapsed, trains } = injection;
  const hangs: Promise<void>[] = [];
  while (!signal.aborted && plan.length > 0) {
    await sleep(lookMs, undefined, { signal }).catch(() => undefined);
    const [next] = plan;
    if (signal.aborted || next === undefined || elapsed() < next.at || !trains()) continue;
    const hang = inject(injection, next, signal);
    if (hang === null) continue;
    plan.shift();
    hangs.push(hang);
  }
  await Promise.all(hangs);
}

/** Null where there is nobody to hit: it is tried again. */
function inject(
  injection: Injection,
  planned: PlannedFault,
  signal: AbortSignal,
): Promise<void> | null {
  const target = targetOf(injection, planned);
  if (target === null) return null;
  const { name, pid } = target;
  const { fault, lasts } = planned;
  if (fault === 'hang') {
    injection.onInjected(fault, `${name} stands still for ${(lasts / 1000).toFixed(1)} s`);
    send(pid, 'SIGSTOP');
    return sleep(lasts, undefined, { signal })
      .catch(() => undefined)
      .then(() => send(pid, 'SIGCONT'));
  }
  injection.onInjected(fault, `${name} is killed`);
  send(pid, 'SIGKILL');
  return Promise.resolve();
}

function targetOf({ run, leader }: Injection, { fault, draw }: PlannedFault) {
  const processes = run.processes();
  if (fault === 'nats') return processes.find(({ name }) => name === 'nats-server') ?? null;
  if (fault === 'coordinator') {
    const coordinators = processes.filter(({ name }) => name.startsWith('coordinator'));
    return coordinators.find(({ name }) => name === leader()) ?? coordinators[0] ?? null;
  }
  const workers = processes.filter(({ name }) => name.startsWith('worker-'));
  return workers[draw % Math.max(1, workers.length)] ?? null;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself, or by another fault.
  }
}
