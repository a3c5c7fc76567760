/**
 * What Prometheus sees of a process as such, under the names that its dashboards know, and which
 * program it is. Values are read when they are asked for.
 */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { Counter, Gauge, type Registry } from 'prom-client';
import { version } from '../version.js';

/** Finer than any delay that matters, coarse enough to cost nothing. */
const lagResolutionMs = 20;

/** Registers the metrics of this process. */
export function registerProcessMetrics(registry: Registry): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  gauge('process_resident_memory_bytes', 'Memory of all threads, native memory included', () =>
    process.memoryUsage.rss(),
  );
  gauge(
    'nodejs_heap_size_used_bytes',
    "Heap in use by the main thread's JavaScript",
    () => process.memoryUsage().heapUsed,
  );
  gauge(
    'nodejs_heap_size_total_bytes',
    "Heap of the main thread's JavaScript",
    () => process.memoryUsage().heapTotal,
  );
  gauge(
    'nodejs_external_memory_bytes',
    'Buffers and shared memory outside the heap',
    () => process.memoryUsage().external,
  );
  const startedAt = performance.timeOrigin / 1000;
  gauge('process_start_time_seconds', 'When the process began, since 1970', () => startedAt);
  registerCpu(registry);
  registerLag(registry);
}

function registerCpu(registry: Registry): void {
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time of all threads',
    registers: [registry],
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
}

/** How late the main thread's timers are: its heartbeats are as late as that. */
function registerLag(registry: Registry): void {
  const delays = monitorEventLoopDelay({ resolution: lagResolutionMs });
  delays.enable();
  // Each delay is measured from the timer's beginning, so that none is its resolution.
  const seconds = (nanoseconds: number): number =>
    Math.max(0, (nanoseconds || 0) / 1e9 - lagResolutionMs / 1000);
  const gauge = (name: string, which: string, collect: (this: Gauge) => void): Gauge =>
    new Gauge({
      name: `nodejs_eventloop_lag_${name}_seconds`,
      help: `${which} delay of the main thread since the last reading`,
      registers: [registry],
      collect,
    });
  // The last of them to be read begins anew: a registry reads in the order of registration.
  gauge('p50', 'Median', function () {
    this.set(seconds(delays.percentile(50)));
  });
  gauge('p99', '99th percentile of the', function () {
    this.set(seconds(delays.percentile(99)));
  });
  gauge('max', 'Longest', function () {
    this.set(seconds(delays.max));
    delays.reset();
  });
}

/** Tells which program and engine this is, as labels of a gauge that is always 1. */
export function registerBuildInfo(registry: Registry): (engine: string) => void {
  const build = new Gauge({
    name: 'lockstep_build_info',
    help: 'Always 1; the labels say which program runs',
    labelNames: ['version', 'node', 'engine'],
    registers: [registry],
  });
  return (engine) => {
    build.reset();
    build.set({ version: version(), node: process.versions.node, engine }, 1);
  };
}
