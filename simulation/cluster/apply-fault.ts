/** Does to a cluster what a schedule says. A fault of a process that is not there does nothing. */
import { everyone } from '../links/sim-network.js';
import type { Fault } from '../schedule/fault.js';
import type { Cluster, Running } from './cluster.js';

export function applyFault(cluster: Cluster, fault: Fault): void {
  switch (fault.kind) {
    case 'start':
      cluster.start(fault.process);
      return;
    case 'bus-away':
      cluster.server.stop();
      cluster.scheduler.after(fault.for, () => cluster.server.start());
      return;
    case 'electing':
      cluster.server.elect(fault.for);
      return;
    case 'stop':
      cluster.askToStop();
      return;
    case 'pause':
      cluster.operator.ask({ kind: 'pause' });
      cluster.scheduler.after(fault.for, () => cluster.operator.ask({ kind: 'go-on' }));
      return;
    case 'checkpoint':
      cluster.operator.ask({ kind: 'checkpoint' });
      return;
    case 'let-go':
      cluster.operator.ask({ kind: 'drain', worker: fault.process });
      return;
    default: {
      const running = cluster.running(fault.process);
      if (running !== null) applyTo(cluster, running, fault);
    }
  }
}

type OfProcess = Exclude<
  Fault,
  { kind: 'start' | 'bus-away' | 'electing' | 'stop' | 'pause' | 'checkpoint' | 'let-go' }
>;

function applyTo(cluster: Cluster, running: Running, fault: OfProcess): void {
  const { process } = running;
  const { scheduler, server } = cluster;
  switch (fault.kind) {
    case 'kill':
      cluster.kill(running, 'killed');
      return;
    case 'drain':
      cluster.drain(running);
      return;
    case 'hang':
      process.stand();
      scheduler.after(fault.for, () => process.wake());
      return;
    case 'suspend':
      process.stand();
      scheduler.after(fault.for, () => {
        process.loseTime(fault.for);
        process.wake();
      });
      return;
    case 'clock-on':
      process.setWall(fault.for);
      return;
    case 'clock-back':
      process.setWall(-fault.for);
      return;
    case 'stick':
      running.training?.stick(fault.for);
      return;
    case 'slow':
      process.slowness *= slowFactor;
      scheduler.after(fault.for, () => {
        process.slowness /= slowFactor;
      });
      return;
    case 'unplug':
      for (const bus of server.busesOf(process)) {
        bus.lose();
        bus.findAgain();
      }
      return;
    case 'unanswered':
      for (const bus of server.busesOf(process)) bus.loseAnswers(fault.for);
      return;
    case 'cut-off':
      isolate(cluster, running, { up: true, down: true }, fault.for);
      return;
    case 'deaf':
      isolate(cluster, running, { up: false, down: true }, fault.for);
      return;
    case 'mute':
      isolate(cluster, running, { up: true, down: false }, fault.for);
      return;
    default:
      disturb(cluster, running, fault);
      return;
  }
}

/** How many times slower a slow process is. */
const slowFactor = 6;

function isolate(
  { network, scheduler, server }: Cluster,
  { process, links }: Running,
  directions: { readonly up: boolean; readonly down: boolean },
  duration: number,
): void {
  const buses = server.busesOf(process);
  for (const bus of buses) bus.isolate(directions);
  const ways: [string, string][] = [];
  if (links !== null && directions.up) ways.push([links.address, everyone]);
  if (links !== null && directions.down) ways.push([everyone, links.address]);
  for (const [from, to] of ways) network.close(from, to);
  scheduler.after(duration, () => {
    for (const bus of buses) bus.rejoin();
    for (const [from, to] of ways) network.open(from, to);
  });
}

function disturb(
  { network, scheduler, running: runningOf }: Cluster,
  { links }: Running,
  fault: Extract<OfProcess, { kind: 'divide' | 'break' }>,
): void {
  const other = runningOf(fault.from)?.links ?? null;
  if (links === null || other === null) return;
  if (fault.kind === 'break') {
    network.break(links, other);
    return;
  }
  const ways = [
    [links.address, other.address],
    [other.address, links.address],
  ] as const;
  for (const [from, to] of ways) network.close(from, to);
  scheduler.after(fault.for, () => {
    for (const [from, to] of ways) network.open(from, to);
  });
}
