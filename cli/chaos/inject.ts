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
  /** Workers that train, as far as the run's log has said; none while a generation forms. */
  readonly members: () => readonly string[];
  /** @param name of the process that was hit */
  readonly onInjected: (fault: Fault, name: string, text: string) => void;
}

/** How often it looks whether a fault is due. */
const lookMs = 50;

/** Until it is aborted; whoever it has stopped goes on then. */
export async function injectFaults(injection: Injection, signal: AbortSignal): Promise<void> {
  const { plan, elapsed } = injection;
  const hangs: Promise<void>[] = [];
  while (!signal.aborted && plan.length > 0) {
    await sleep(lookMs, undefined, { signal }).catch(() => undefined);
    const [next] = plan;
    if (signal.aborted || next === undefined || elapsed() < next.at) continue;
    const hang = inject(injection, next, signal);
    if (hang === null) continue;
    plan.shift();
    hangs.push(hang);
  }
  await Promise.all(hangs);
}

/**
 * Null where there is nobody to hit, or where the last member that has the state would go with it: a
 * run survives as long as one lives, and no longer. It is tried again.
 */
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
    injection.onInjected(fault, name, `${name} stands still for ${(lasts / 1000).toFixed(1)} s`);
    send(pid, 'SIGSTOP');
    return sleep(lasts, undefined, { signal })
      .catch(() => undefined)
      .then(() => send(pid, 'SIGCONT'));
  }
  injection.onInjected(fault, name, `${name} is killed`);
  send(pid, 'SIGKILL');
  return Promise.resolve();
}

function targetOf({ run, leader, members }: Injection, { fault, draw }: PlannedFault) {
  const training = members();
  if (training.length === 0) return null;
  const processes = run.processes();
  if (fault === 'nats') return processes.find(({ name }) => name === 'nats-server') ?? null;
  if (fault === 'coordinator') {
    const coordinators = processes.filter(({ name }) => name.startsWith('coordinator'));
    return coordinators.find(({ name }) => name === leader()) ?? coordinators[0] ?? null;
  }
  if (training.length < 2) return null;
  const workers = processes.filter(({ name }) => training.includes(name));
  return workers[draw % Math.max(1, workers.length)] ?? null;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself, or by another fault.
  }
}
