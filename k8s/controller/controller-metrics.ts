/** What Prometheus sees of the controller. docs/metrics.md lists the same; a test compares. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import {
  registerBuildInfo,
  registerProcessMetrics,
} from '../../process/metrics/process-metrics.js';

interface Watched {
  readonly depth: () => number;
  readonly jobsByState: () => ReadonlyMap<string, number>;
  /** By the code of their failure. */
  readonly failedJobs: () => ReadonlyMap<string, number>;
}

export class ControllerMetrics {
  readonly registry = new Registry();
  readonly #registers = [this.registry];

  readonly reconcileSeconds = new Histogram({
    name: 'lockstep_controller_reconcile_seconds',
    help: 'Time to look at a job once and to do what it needs',
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
    registers: this.#registers,
  });
  readonly errors = new Counter({
    name: 'lockstep_controller_reconcile_errors_total',
    help: 'Looks at a job after which something could not be done',
    registers: this.#registers,
  });
  readonly requests = new Counter({
    name: 'lockstep_controller_api_requests_total',
    help: 'Requests to the API server by method and status; 0 where none came',
    labelNames: ['method', 'status'],
    registers: this.#registers,
  });
  readonly reports = new Counter({
    name: 'lockstep_controller_reports_total',
    help: 'Reports of coordinators by the answer they got',
    labelNames: ['status'],
    registers: this.#registers,
  });
  readonly leads = new Gauge({
    name: 'lockstep_controller_leader',
    help: '1 while this controller leads, 0 while it waits',
    registers: this.#registers,
  });

  constructor() {
    registerProcessMetrics(this.registry);
    registerBuildInfo(this.registry)('none');
  }

  /** Registers what is read when it is asked for. */
  watch({ depth, failedJobs, jobsByState }: Watched): void {
    new Gauge({
      name: 'lockstep_controller_queue_depth',
      help: 'Jobs that wait to be looked at',
      registers: this.#registers,
      collect() {
        this.set(depth());
      },
    });
    new Gauge({
      name: 'lockstep_controller_jobs',
      help: 'Training jobs by state',
      labelNames: ['state'],
      registers: this.#registers,
      collect() {
        this.reset();
        for (const [state, count] of jobsByState()) this.set({ state }, count);
      },
    });
    new Gauge({
      name: 'lockstep_controller_failed_jobs',
      help: 'Failed training jobs by the code of their failure',
      labelNames: ['code'],
      registers: this.#registers,
      collect() {
        this.reset();
        for (const [code, count] of failedJobs()) this.set({ code }, count);
      },
    });
  }
}
